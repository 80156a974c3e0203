#include "projections/cursor_store.hpp"

#include <algorithm>

namespace sealstream {

namespace {

using State = ProjectionVersion::State;

constexpr const char* insert_version =
    "INSERT INTO sealstream.projections"
    " (ledger, name, version, state, schema_name, fold_digest, incarnation)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)";

constexpr const char* select_versions =
    "SELECT name, version, state, schema_name, cursor, epoch, fold_digest, incarnation,"
    "  array_to_string(skipped_types, ' ')"
    " FROM sealstream.projections WHERE ledger = $1 AND name = $2 AND state = $3";

constexpr const char* next_version =
    "SELECT coalesce(max(version), 0) + 1 FROM sealstream.projections"
    " WHERE ledger = $1 AND name = $2";

constexpr const char* take = "UPDATE sealstream.projections"
                             " SET epoch = epoch + 1, halted = NULL, changed_at = clock_timestamp()"
                             " WHERE ledger = $1 AND name = $2 AND version = $3 RETURNING epoch";

constexpr const char* set_halted = "UPDATE sealstream.projections SET halted = $3"
                                   " WHERE ledger = $1 AND name = $2 AND state = 'active'";

constexpr const char* use_schema = "SELECT set_config('search_path', $1, true)";

constexpr const char* try_lock =
    "SELECT pg_try_advisory_lock(hashtextextended('sealstream projector ' || $1 || ' ' || $2, 0))";
constexpr const char* unlock_all = "SELECT pg_advisory_unlock_all()";

// Event types have no spaces.
std::vector<std::string> types_in(std::string_view text)
{
    std::vector<std::string> types;
    while (!text.empty()) {
        const auto type = text.substr(0, text.find(' '));
        types.emplace_back(type);
        text.remove_prefix(std::min(type.size() + 1, text.size()));
    }
    return types;
}

Result<void> make_tables(Connection& connection, const std::string& schema_name,
                         const std::string& sql)
{
    const auto made = connection.run_script("CREATE SCHEMA " + sql_name(schema_name));
    if (!made) {
        return made.error();
    }
    SEAL_TRY(used, connection.run(use_schema, {sql_name(schema_name)}));
    const auto run = connection.run_script(sql);
    if (!run) {
        return with_context(run.error(), "making the tables of " + schema_name);
    }
    return {};
}

Result<std::string> create_version(Connection& connection, const std::string& ledger,
                                   const Projection& projection, State state,
                                   const std::string& incarnation)
{
    const auto named = check_projection_name(ledger, projection.name);
    if (!named) {
        return named.error();
    }
    SEAL_TRY(next, connection.run(next_version, {ledger, projection.name}));
    const int version = static_cast<int>(next.integer(0, 0));
    const bool is_active = state == State::active;
    const std::string schema_name = is_active ? active_schema_name(ledger, projection.name)
                                              : other_schema_name(ledger, projection.name, version);
    const auto made = make_tables(connection, schema_name,
                                  is_active ? projection.schema_sql + "\n" + projection.indexes_sql
                                            : projection.schema_sql);
    if (!made) {
        return made.error();
    }
    SEAL_TRY(inserted,
             connection.run(insert_version, {ledger, projection.name, std::to_string(version),
                                             std::string{name(state)}, schema_name,
                                             projection.digest(), incarnation}));
    return std::to_string(version);
}

Result<ProjectionVersion> claim_one(Connection& connection, const std::string& ledger,
                                    const Projection& projection, const std::string& incarnation)
{
    const SqlValues key{ledger, projection.name, "active"};
    SEAL_TRY(found, connection.run(select_versions, key));
    if (found.rows() == 0) {
        SEAL_TRY(created,
                 create_version(connection, ledger, projection, State::active, incarnation));
        SEAL_TRY(fresh, connection.run(select_versions, key));
        found = std::move(fresh);
    }
    ProjectionVersion owned{projection.name,
                            static_cast<int>(found.integer(0, 1)),
                            State::active,
                            std::string{found.text(0, 3)},
                            Position{static_cast<std::uint64_t>(found.integer(0, 4))},
                            0,
                            std::string{found.text(0, 6)},
                            types_in(found.text(0, 8))};
    if (found.text(0, 7) != incarnation) {
        return Error{Errc::corrupt, projection.name + " was folded from another log than this one"};
    }
    if (owned.fold_digest != projection.digest()) {
        return Error{Errc::unsupported,
                     "the tables of " + projection.name + " were made by other SQL: rebuild it"};
    }
    SEAL_TRY(taken, connection.run(take, {ledger, projection.name, std::to_string(owned.version)}));
    owned.epoch = static_cast<std::uint64_t>(taken.integer(0, 0));
    return owned;
}

} // namespace

std::string sql_name(std::string_view identifier)
{
    std::string text{"\""};
    for (const char letter : identifier) {
        text.append(letter == '"' ? 2 : 1, letter);
    }
    return text + "\"";
}

Result<std::vector<ProjectionVersion>> claim_active(Connection& connection,
                                                    const std::string& ledger,
                                                    const std::vector<Projection>& projections,
                                                    const std::string& incarnation)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    std::vector<ProjectionVersion> owned;
    for (const Projection& projection : projections) {
        SEAL_TRY(one, claim_one(connection, ledger, projection, incarnation));
        owned.push_back(std::move(one));
    }
    const auto committed = transaction.commit();
    if (!committed) {
        return committed.error();
    }
    return owned;
}

Result<ProjectionVersion> create_building(Connection& connection, const std::string& ledger,
                                          const Projection& projection,
                                          const std::string& incarnation)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(version, create_version(connection, ledger, projection, State::building, incarnation));
    const auto committed = transaction.commit();
    if (!committed) {
        return committed.error();
    }
    const int number = std::stoi(version);
    return ProjectionVersion{projection.name,    number,
                             State::building,    other_schema_name(ledger, projection.name, number),
                             Position{},         0,
                             projection.digest()};
}

Result<void> record_halt(Connection& connection, const std::string& ledger,
                         const std::vector<Projection>& projections, const std::string& reason)
{
    for (const Projection& projection : projections) {
        SEAL_TRY(set, connection.run(set_halted, {ledger, projection.name, reason}));
    }
    return {};
}

Result<ProjectionVersion> read_active(Connection& connection, const std::string& ledger,
                                      const std::string& name, bool is_locked)
{
    const std::string sql = std::string{select_versions} + (is_locked ? " FOR UPDATE" : "");
    SEAL_TRY(found, connection.run_prepared(sql, {ledger, name, "active"}));
    if (found.rows() == 0) {
        return Error{Errc::not_found, "projection " + name};
    }
    return ProjectionVersion{std::string{found.text(0, 0)},
                             static_cast<int>(found.integer(0, 1)),
                             State::active,
                             std::string{found.text(0, 3)},
                             Position{static_cast<std::uint64_t>(found.integer(0, 4))},
                             static_cast<std::uint64_t>(found.integer(0, 5)),
                             std::string{found.text(0, 6)},
                             types_in(found.text(0, 8))};
}

Result<bool> try_own(Connection& connection, const std::string& ledger,
                     const std::vector<Projection>& projections)
{
    for (const Projection& projection : projections) {
        SEAL_TRY(taken, connection.run(try_lock, {ledger, projection.name}));
        if (!taken.boolean(0, 0)) {
            SEAL_TRY(released, connection.run(unlock_all)); // all or none
            return false;
        }
    }
    return true;
}

} // namespace sealstream
