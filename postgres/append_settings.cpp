#include "postgres/append_settings.hpp"

namespace sealstream {

namespace {

// Touches the row only for a change, so that starting nodes don't wait for each other.
constexpr const char* upsert_setting =
    "INSERT INTO sealstream.append_settings AS known (ledger, target, codec, chained_types,"
    "   unknown_types, unknown_schemas)"
    " VALUES ($1, $2, $3, $4::text[], $5, $6)"
    " ON CONFLICT (ledger) DO UPDATE SET target = excluded.target, codec = excluded.codec,"
    "   chained_types = excluded.chained_types, unknown_types = excluded.unknown_types,"
    "   unknown_schemas = excluded.unknown_schemas"
    " WHERE (known.target, known.codec, known.chained_types, known.unknown_types,"
    "        known.unknown_schemas)"
    "   <> (excluded.target, excluded.codec, excluded.chained_types, excluded.unknown_types,"
    "       excluded.unknown_schemas)";

constexpr const char* set_guarded =
    "UPDATE sealstream.append_settings SET guarded_types = $2::text[]"
    " WHERE ledger = $1 AND guarded_types <> $2::text[]";

constexpr const char* set_encrypted =
    "UPDATE sealstream.append_settings SET encrypted_types = $2::text[],"
    "   encrypted_streams = $3::text[]"
    " WHERE ledger = $1 AND (encrypted_types, encrypted_streams) <> ($2::text[], $3::text[])";

} // namespace

Result<void> write_append_settings(Connection& connection, const AppendSettings& settings)
{
    const std::vector<std::string> chained = settings.chain.is_required_everywhere
                                                 ? std::vector<std::string>{"*"}
                                                 : settings.chain.stream_types;
    SEAL_TRY(written, connection.run(upsert_setting,
                                     {settings.ledger,
                                      settings.target == AppendTarget::log ? "log" : "outbox",
                                      std::string{name(settings.codec)}, sql_array(chained),
                                      settings.refuses_unknown_types ? "refuse" : "allow",
                                      settings.refuses_unknown_schemas ? "refuse" : "allow"}));
    return {};
}

Result<void> write_guarded_types(Connection& connection, const std::string& ledger,
                                 const std::vector<std::string>& types)
{
    SEAL_TRY(written, connection.run(set_guarded, {ledger, sql_array(types)}));
    return {};
}

Result<void> write_encrypted_types(Connection& connection, const std::string& ledger,
                                   const EncryptedTypes& types)
{
    SEAL_TRY(written, connection.run(set_encrypted,
                                     {ledger, sql_array(types.events), sql_array(types.streams)}));
    return {};
}

} // namespace sealstream
