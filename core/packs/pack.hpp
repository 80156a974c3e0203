#pragma once

// A pack: one domain, declared. This is what the loader (config/packs) makes of a folder once
// nothing in it is wrong, and what projector, HTTP front end and command line read. It never
// changes; a new version is another Pack. docs/packs.md shows the form on disk.
//
// Names of packs and parts are [a-z][a-z0-9_]*, at most pack_name_bytes_max and
// pack_part_name_bytes_max (pack_names.hpp), and unique among the parts of their kind.

#include "core/packs/pack_events.hpp"
#include "core/packs/pack_projection.hpp"
#include "core/packs/pack_routes.hpp"

#include <memory>
#include <optional>

namespace sealstream {

// What the ledger must be, for the pack to keep its promises; a start with less is an error.
struct PackNeeds {
    std::optional<CodecKind> codec{}; // "registry" needs cbor
};

enum class Severity : std::uint8_t { warn, page };

// Rows are breaches: none may come. A breach that begins, and its end, is an event, a metric and,
// with `page`, a page.
struct PackInvariant {
    std::string name{};
    std::string summary{}; // what must hold, for the person who is paged
    BoundSql sql{};        // no parameters
    std::chrono::milliseconds every{std::chrono::minutes{1}};
    Severity severity{Severity::page};
    std::chrono::milliseconds repeat{0}; // a breach that lasts is told again; 0: only once
    bool repeats_changed{false};         // and at once when its rows are others
    std::string breach_type{};           // of the event, instead of invariant.breached
};

// Rows are events that are due: columns type, stream_id and data, and, where wanted, stream_type,
// meta, actor and key. Each moment appends once; a key that was there before appends nothing.
struct PackSchedule {
    std::string name{};
    BoundSql sql{}; // parameter: now, the moment that it is due for
    std::chrono::milliseconds every{std::chrono::minutes{1}};
};

enum class ReactorAction : std::uint8_t { http, mail };

// What happens outside when an event has been appended. Templates see `event`.
struct PackReactor {
    std::string name{};
    std::vector<std::string> event_types{};
    ReactorAction action{ReactorAction::http};
    JsonTemplate request{}; // http: {url, method, headers, body}; mail: {to, subject, text}
    std::uint32_t attempts_max{5};
    std::chrono::milliseconds throttle{0}; // the least time between two of them
    bool is_enabled{true};                 // at its first start; operators toggle it
};

struct Pack {
    std::string name{};
    std::uint32_t version{1}; // 1, 2, 3 …: rises with every change that `pack diff` calls one
    std::string summary{};
    std::string digest{}; // SHA-256 (hex) of all its files
    PackNeeds needs{};

    std::vector<PackStreamType> stream_types{};
    std::vector<RetentionClass> retention_classes{};
    std::vector<PackEventType> event_types{};
    std::vector<PackProjection> projections{};
    std::vector<PackGuard> guards{};
    std::vector<PackQuery> queries{};
    std::vector<PackCommand> commands{};
    std::vector<PackInvariant> invariants{};
    std::vector<PackReactor> reactors{};
    std::vector<PackSchedule> schedules{};

    // Null when the pack has none of that name.
    [[nodiscard]] const PackStreamType* stream_type(std::string_view wanted) const noexcept;
    [[nodiscard]] const PackEventType* event_type(std::string_view wanted) const noexcept;
};

// Shared by everything that reads it; a hot reload replaces the pointer.
using PackPtr = std::shared_ptr<const Pack>;

// A pack in a ledger. Its routes stand below the prefix: "/packs/deals", or "" for the root.
struct MountedPack {
    PackPtr pack;
    std::string prefix{};
};

} // namespace sealstream
