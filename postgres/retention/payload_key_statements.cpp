#include "postgres/retention/payload_key_statements.hpp"

#include "core/base/encoding.hpp"
#include "core/retention/key_period.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr const char* select_database_now =
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

constexpr const char* select_keys =
    "SELECT name, encode(wrapped, 'hex'), wrapped_by FROM sealstream.payload_keys"
    " WHERE ledger = $1 AND name = ANY ($2::text[])";

constexpr const char* insert_key =
    "INSERT INTO sealstream.payload_keys"
    " (ledger, name, retention_class, starts, ends, wrapped, wrapped_by)"
    " VALUES ($1, $2, $3, $4::timestamptz, $5::timestamptz, decode($6, 'hex'), $7)"
    " ON CONFLICT DO NOTHING";

// Whatever the database does otherwise: a key is on disk before anybody encrypts with it, and gone
// from there before anybody says so.
constexpr const char* wait_for_key_on_disk =
    "SELECT set_config('synchronous_commit', 'on', true)"
    " WHERE current_setting('synchronous_commit') IN ('off', 'local')";

constexpr const char* destroy_due =
    "WITH due AS (SELECT k.name FROM sealstream.payload_keys AS k"
    "   JOIN unnest($2::text[], $3::bigint[]) AS c (name, seconds) ON c.name = k.retention_class"
    "   WHERE k.ledger = $1 AND k.wrapped IS NOT NULL"
    "     AND k.ends + c.seconds * interval '1 second' <= clock_timestamp()"
    "   ORDER BY k.ends LIMIT $4::bigint)"
    " UPDATE sealstream.payload_keys AS k SET wrapped = NULL, destroyed = clock_timestamp()"
    " FROM due WHERE k.ledger = $1 AND k.name = due.name RETURNING k.name";

constexpr const char* expire_parked =
    "UPDATE sealstream.parked_events SET data = 'null', meta = NULL, category = NULL,"
    "  expired = true"
    " WHERE ledger = $1 AND payload_key = ANY ($2::text[]) AND NOT expired";

constexpr const char* select_untold =
    "SELECT name, (extract(epoch FROM destroyed) * 1000000)::bigint FROM sealstream.payload_keys"
    " WHERE ledger = $1 AND wrapped IS NULL AND told_at IS NULL ORDER BY ends LIMIT $2::bigint";

constexpr const char* set_told = "UPDATE sealstream.payload_keys SET told_at = $3::bigint"
                                 " WHERE ledger = $1 AND name = $2 AND wrapped IS NULL";

constexpr const char* select_foreign =
    "SELECT name, wrapped_by FROM sealstream.payload_keys"
    " WHERE ledger = $1 AND wrapped IS NOT NULL AND wrapped_by <> $2 LIMIT 1";

constexpr const char* try_lock_expiry =
    "SELECT pg_try_advisory_lock(hashtextextended('sealstream expiry ' || $1, 0))";

WallTime from_microseconds(std::int64_t microseconds)
{
    return WallTime{microseconds * 1000};
}

Result<FoundPayloadKey> key_in(const SqlResult& rows, std::size_t row, const std::string& ledger,
                               const WrappingKey& wrapping)
{
    FoundPayloadKey found{std::string{rows.text(row, 0)}, std::nullopt};
    if (rows.is_null(row, 1)) {
        return found;
    }
    if (rows.text(row, 2) != wrapping.name()) {
        return Error{Errc::unsupported,
                     "the payload key " + found.name + " is wrapped by the key " +
                         std::string{rows.text(row, 2)} + ", and ours is " + wrapping.name() +
                         ": retention.key_file is another file"};
    }
    SEAL_TRY(wrapped, from_hex(rows.text(row, 1)));
    SEAL_TRY(secret, wrapping.unwrap(ledger, found.name, wrapped));
    found.secret = secret;
    return found;
}

Result<void> insert(Connection& connection, const std::string& ledger, const WrappingKey& wrapping,
                    const KeyPeriod& period, const std::string& name)
{
    PayloadKey key{name, {}};
    fill_random(key.secret);
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(durable, connection.run(wait_for_key_on_disk));
    SEAL_TRY(inserted,
             connection.run(insert_key, {ledger, name, period.retention_class,
                                         to_rfc3339(period.from), to_rfc3339(period.until),
                                         to_hex(wrapping.wrap(ledger, key)), wrapping.name()}));
    return transaction.commit();
}

} // namespace

Result<void> check_wrapping(Connection& connection, const std::string& ledger,
                            const WrappingKey& wrapping)
{
    SEAL_TRY(foreign, connection.run(select_foreign, {ledger, wrapping.name()}));
    if (foreign.rows() == 0) {
        return {};
    }
    return Error{Errc::unsupported,
                 "ledger " + ledger + ": its payload keys (" + std::string{foreign.text(0, 0)} +
                     ") are wrapped by the key " + std::string{foreign.text(0, 1)} +
                     ", retention.key_file is " + wrapping.name() +
                     ": name the file they were made with"};
}

Result<CurrentPayloadKey> current_payload_key(Connection& connection, const std::string& ledger,
                                              const WrappingKey& wrapping,
                                              const std::string& retention_class,
                                              std::chrono::seconds length)
{
    SEAL_TRY(clock, connection.run(select_database_now));
    const WallTime now = from_microseconds(clock.integer(0, 0));
    const KeyPeriod period = period_at(retention_class, now, length);
    const std::string name = key_name(period);
    SEAL_TRY(found, find_payload_keys(connection, ledger, wrapping, {name}));
    if (found.empty()) {
        SEAL_TRY_VOID(insert(connection, ledger, wrapping, period, name));
        SEAL_TRY(again, find_payload_keys(connection, ledger, wrapping, {name}));
        found = std::move(again);
    }
    if (found.empty() || !found.front().secret) {
        // Its whole period and its class's time have passed since we looked at the clock.
        return Error{Errc::unavailable, "the payload key " + name + " is destroyed already"};
    }
    return CurrentPayloadKey{{name, *found.front().secret},
                             std::chrono::nanoseconds{period.until.nanoseconds - now.nanoseconds}};
}

Result<std::vector<FoundPayloadKey>> find_payload_keys(Connection& connection,
                                                       const std::string& ledger,
                                                       const WrappingKey& wrapping,
                                                       const std::vector<std::string>& names)
{
    SEAL_TRY(rows, connection.run_prepared(select_keys, {ledger, sql_array(names)}));
    std::vector<FoundPayloadKey> found;
    found.reserve(rows.rows());
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        SEAL_TRY(key, key_in(rows, row, ledger, wrapping));
        found.push_back(std::move(key));
    }
    return found;
}

Result<std::size_t> destroy_payload_keys(Connection& connection, const std::string& ledger,
                                         const RetentionRules& rules, std::size_t keys_max)
{
    std::vector<std::string> classes;
    std::vector<std::string> seconds;
    for (const auto& [name, keep] : rules.classes) {
        classes.push_back(name);
        seconds.push_back(std::to_string(keep.count()));
    }
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(durable, connection.run(wait_for_key_on_disk));
    SEAL_TRY(destroyed, connection.run(destroy_due, {ledger, sql_array(classes), sql_array(seconds),
                                                     std::to_string(keys_max)}));
    std::vector<std::string> names;
    for (std::size_t row = 0; row < destroyed.rows(); ++row) {
        names.emplace_back(destroyed.text(row, 0));
    }
    SEAL_TRY(expired, connection.run(expire_parked, {ledger, sql_array(names)}));
    SEAL_TRY_VOID(transaction.commit());
    return names.size();
}

Result<std::vector<UntoldKey>> untold_payload_keys(Connection& connection,
                                                   const std::string& ledger, std::size_t keys_max)
{
    SEAL_TRY(rows, connection.run(select_untold, {ledger, std::to_string(keys_max)}));
    std::vector<UntoldKey> untold;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
        untold.push_back({std::string{rows.text(row, 0)}, from_microseconds(rows.integer(row, 1))});
    }
    return untold;
}

Result<void> mark_told(Connection& connection, const std::string& ledger, const std::string& name,
                       Position position)
{
    SEAL_TRY(written, connection.run(set_told, {ledger, name, std::to_string(position.value)}));
    return {};
}

Result<bool> try_own_expiry(Connection& connection, const std::string& ledger)
{
    SEAL_TRY(taken, connection.run(try_lock_expiry, {ledger}));
    return taken.boolean(0, 0);
}

} // namespace sealstream
