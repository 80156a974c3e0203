#pragma once

// What a pack says about the log: its stream types, and the types of the events in them. At the
// start of a node all this becomes events of the ledger's own streams where it differs from what
// is there (docs/packs.md), so the Rulebook knows it like every other rule.

#include "core/event/codec.hpp"
#include "core/rules/emission_policy.hpp"
#include "core/rules/redaction.hpp"
#include "core/schema/compatibility.hpp"

#include <boost/json/value.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sealstream {

enum class Addressing : std::uint8_t { stream, bucket };

struct PackStreamType {
    std::string name{}; // "deal"
    Addressing addressing{Addressing::stream};
    bool is_chained{false};          // every event carries the hash of the one before
    bool is_condition_needed{false}; // an append without a condition is refused (428)
    std::string retention{};         // a retention class; empty: for ever
};

// How long the payload of an event is kept. Its proofs are kept for ever.
struct RetentionClass {
    std::string name{};
    std::chrono::seconds keep{0};
};

// Makes old events look like new ones, for folds. An event has the version of its type's schema
// that was in force at its position; each upcast leads to the version after `from`.
struct PackUpcast {
    std::uint32_t from{1};
    std::string data{}; // SQL expression over the event's columns `data` and `meta`: jsonb
};

struct PackEventType {
    std::string name{}; // "DealApproved", "v1.package.created"
    std::string summary{};
    std::string category{};   // meta.category of its events when they have none; may be empty
    std::string retention{};  // as in PackStreamType; wins over it
    std::uint32_t version{1}; // of its schema
    std::optional<boost::json::value> schema{}; // of its data
    Compatibility compatibility{Compatibility::backward};
    std::vector<Redaction> redactions{};
    std::optional<EmissionPolicy> emission{};   // its stream types: the ones that `streams` names
    std::vector<std::string> streams{};         // stream types that it may go to; never empty
    std::vector<PackUpcast> upcasts{};          // ascending and without a gap up to `version`
    std::vector<boost::json::value> examples{}; // each valid: {"data":…,"meta":…}
};

} // namespace sealstream
