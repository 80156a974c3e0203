#pragma once

// What the SQL function sealstream.append() must know of a ledger
// (postgres/migrations/006_append.sql).

#include "core/event/append_plan.hpp"
#include "postgres/connection.hpp"

namespace sealstream {

// Where the function puts events: into the log of this database, or into the outbox of a log
// elsewhere.
enum class AppendTarget : std::uint8_t { log, outbox };

struct AppendSettings {
    std::string ledger;
    AppendTarget target{AppendTarget::log};
    CodecKind codec{CodecKind::canonical_json};
    ChainPolicy chain;
    bool refuses_unknown_types{false};   // events of a type without an emission policy
    bool refuses_unknown_schemas{false}; // … without a schema
};

// Replaces what an earlier process has said.
[[nodiscard]] Result<void> write_append_settings(Connection& connection,
                                                 const AppendSettings& settings);

// The event types that the function refuses, because nobody asks their guards there.
[[nodiscard]] Result<void> write_guarded_types(Connection& connection, const std::string& ledger,
                                               const std::vector<std::string>& types);

// What the function refuses, because it can not encrypt: event types and stream types.
struct EncryptedTypes {
    std::vector<std::string> events;
    std::vector<std::string> streams;
};
[[nodiscard]] Result<void> write_encrypted_types(Connection& connection, const std::string& ledger,
                                                 const EncryptedTypes& types);

} // namespace sealstream
