#include "projections/cursor_store.hpp"

#include "projections/apart/roles.hpp"
#include "projections/pack_projections.hpp"

#include <algorithm>

namespace sealstream {

namespace {

using VersionState = ProjectionVersion::State;

constexpr const char* insert_version =
    "INSERT INTO sealstream.projections"
    " (ledger, name, version, state, schema_name, fold_digest, incarnation, definition)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)";

constexpr const char* select_versions =
    "SELECT name, version, state, schema_name, cursor, epoch, fold_digest, incarnation,"
    "  array_to_string(skipped_types, ' '), array_to_string(schema_versions, ' '), definition"
    " FROM sealstream.projections WHERE ledger = $1 AND name = $2 AND state = $3";

constexpr const char* select_active =
    "SELECT name, version, state, schema_name, cursor, epoch, fold_digest, incarnation,"
    "  array_to_string(skipped_types, ' '), array_to_string(schema_versions, ' '), definition"
    " FROM sealstream.projections WHERE ledger = $1 AND state = 'active' AND ($2 = '' OR name = $2)"
    " ORDER BY name";

constexpr const char* next_past = "SELECT nextval('sealstream.past_numbers')";

constexpr const char* next_version =
    "SELECT greatest(coalesce(max(version), 0), 0) + 1 FROM sealstream.projections"
    " WHERE ledger = $1 AND name = $2";

constexpr const char* take = "UPDATE sealstream.projections"
                             " SET epoch = epoch + 1, halted = NULL, halt_code = NULL,"
                             "  definition = coalesce(definition, $4::jsonb),"
                             "  changed_at = clock_timestamp()"
                             " WHERE ledger = $1 AND name = $2 AND version = $3 RETURNING epoch";

constexpr const char* set_halted = "UPDATE sealstream.projections"
                                   " SET halted = $3, halt_code = $4"
                                   " WHERE ledger = $1 AND name = $2 AND state = 'active'";

constexpr const char* keep_fault =
    "INSERT INTO sealstream.projection_faults (ledger, name, code, reason) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (ledger, name) DO UPDATE SET code = excluded.code, reason = excluded.reason,"
    " at = excluded.at";
constexpr const char* forget_fault =
    "DELETE FROM sealstream.projection_faults WHERE ledger = $1 AND name = $2";

constexpr const char* watch_tables = "SELECT sealstream.watch_tables($1)";

constexpr const char* use_schema = "SELECT set_config('search_path', $1, true)";

constexpr const char* try_lock =
    "SELECT pg_try_advisory_lock(hashtextextended('sealstream projector ' || $1 || ' ' || $2, 0))";
constexpr const char* unlock_all = "SELECT pg_advisory_unlock_all()";

// Event types have no spaces.
std::vector<std::string> words_in(std::string_view text)
{
    std::vector<std::string> types;
    while (!text.empty()) {
        const auto type = text.substr(0, text.find(' '));
        types.emplace_back(type);
        text.remove_prefix(std::min(type.size() + 1, text.size()));
    }
    return types;
}

Result<void> make_tables(Connection& connection, const std::string& ledger,
                         const Projection& projection, const std::string& schema_name,
                         const std::string& sql)
{
    const auto made = connection.run_script("CREATE SCHEMA " + sql_name(schema_name));
    if (!made) {
        return made.error();
    }
    Result<void> run;
    if (projection.is_apart()) {
        const auto roles = apart_roles(ledger, projection.pack);
        run = make_apart(connection, roles);
        run = run ? make_as_owner(connection, roles, schema_name, sql) : run;
    } else {
        SEAL_TRY(used, connection.run(use_schema, {sql_name(schema_name)}));
        run = connection.run_script(sql);
    }
    if (!run) {
        return with_context(run.error(), "making the tables of " + schema_name);
    }
    SEAL_TRY(watched, connection.run(watch_tables, {schema_name}));
    return {};
}

// Where a version is made.
struct Place {
    int version;
    VersionState state;
    std::string schema_name;
};

Result<void> create_at(Connection& connection, const std::string& ledger,
                       const Projection& projection, const Place& place,
                       const std::string& incarnation)
{
    const auto made = make_tables(connection, ledger, projection, place.schema_name,
                                  place.state == VersionState::active
                                      ? projection.schema_sql + "\n;\n" + projection.indexes_sql
                                      : projection.schema_sql);
    if (!made) {
        return made;
    }
    SEAL_TRY(inserted,
             connection.run(insert_version,
                            {ledger, projection.name, std::to_string(place.version),
                             std::string{name(place.state)}, place.schema_name, projection.digest(),
                             incarnation, definition_text(projection)}));
    return {};
}

Result<int> find_next_version(Connection& connection, const std::string& ledger,
                              const Projection& projection)
{
    SEAL_TRY_VOID(check_projection_name(ledger, projection.name));
    SEAL_TRY(next, connection.run(next_version, {ledger, projection.name}));
    return static_cast<int>(next.integer(0, 0));
}

Result<std::string> create_version(Connection& connection, const std::string& ledger,
                                   const Projection& projection, VersionState state,
                                   const std::string& incarnation)
{
    SEAL_TRY(version, find_next_version(connection, ledger, projection));
    const Place place{version, state,
                      state == VersionState::active
                          ? active_schema_name(ledger, projection.name)
                          : other_schema_name(ledger, projection.name, version)};
    SEAL_TRY_VOID(create_at(connection, ledger, projection, place, incarnation));
    return std::to_string(version);
}

ProjectionVersion version_in(const SqlResult& found, std::size_t row = 0)
{
    return {std::string{found.text(row, 0)},
            static_cast<int>(found.integer(row, 1)),
            VersionState::active,
            std::string{found.text(row, 3)},
            Position{static_cast<std::uint64_t>(found.integer(row, 4))},
            static_cast<std::uint64_t>(found.integer(row, 5)),
            std::string{found.text(row, 6)},
            words_in(found.text(row, 8)),
            words_in(found.text(row, 9))};
}

Result<Claimed> claim_in_transaction(Connection& connection, const std::string& ledger,
                                     const Projection& projection, const std::string& incarnation)
{
    const SqlValues key{ledger, projection.name, "active"};
    SEAL_TRY(found, connection.run(select_versions, key));
    if (found.rows() == 0) {
        SEAL_TRY(created,
                 create_version(connection, ledger, projection, VersionState::active, incarnation));
        SEAL_TRY(fresh, connection.run(select_versions, key));
        found = std::move(fresh);
    }
    Claimed claimed{version_in(found), projection, false};
    if (found.text(0, 7) != incarnation) {
        return Error{Errc::corrupt, projection.name + " was folded from another log than this one"};
    }
    if (claimed.version.fold_digest != projection.digest()) {
        if (found.is_null(0, 10)) {
            return Error{Errc::unsupported, "the tables of " + projection.name +
                                                " were made by other SQL: rebuild it"};
        }
        SEAL_TRY(as_made, parse_definition(projection.name, found.text(0, 10)));
        claimed.fold = std::move(as_made);
        claimed.is_outdated = true;
    }
    if (claimed.fold.is_apart()) {
        // The database may have been restored where the roles are not.
        const auto made = make_apart(connection, apart_roles(ledger, claimed.fold.pack));
        if (!made) {
            return made.error();
        }
    }
    SEAL_TRY(taken,
             connection.run(take, {ledger, projection.name, std::to_string(claimed.version.version),
                                   definition_text(claimed.fold)}));
    SEAL_TRY(watched, connection.run(watch_tables, {claimed.version.schema_name}));
    SEAL_TRY(forgotten, connection.run(forget_fault, {ledger, projection.name}));
    claimed.version.epoch = static_cast<std::uint64_t>(taken.integer(0, 0));
    return claimed;
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

Result<Claimed> claim(Connection& connection, const std::string& ledger,
                      const Projection& projection, const std::string& incarnation)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(claimed, claim_in_transaction(connection, ledger, projection, incarnation));
    const auto committed = transaction.commit();
    if (!committed) {
        return committed.error();
    }
    return claimed;
}

Result<ProjectionVersion> create_building(Connection& connection, const std::string& ledger,
                                          const Projection& projection,
                                          const std::string& incarnation)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(version,
             create_version(connection, ledger, projection, VersionState::building, incarnation));
    const auto committed = transaction.commit();
    if (!committed) {
        return committed.error();
    }
    const int number = std::stoi(version);
    return ProjectionVersion{projection.name,
                             number,
                             VersionState::building,
                             other_schema_name(ledger, projection.name, number),
                             Position{},
                             0,
                             projection.digest()};
}

Result<std::optional<ProjectionVersion>> claim_building(Connection& connection,
                                                        const std::string& ledger,
                                                        const Projection& projection,
                                                        const std::string& incarnation)
{
    SEAL_TRY(found, connection.run(select_versions, {ledger, projection.name, "building"}));
    if (found.rows() != 1 || found.text(0, 6) != projection.digest() ||
        found.text(0, 7) != incarnation) {
        return std::optional<ProjectionVersion>{};
    }
    ProjectionVersion left = version_in(found);
    left.state = VersionState::building;
    SEAL_TRY(taken, connection.run(take, {ledger, left.name, std::to_string(left.version),
                                          definition_text(projection)}));
    left.epoch = static_cast<std::uint64_t>(taken.integer(0, 0));
    return std::optional{std::move(left)};
}

Result<ProjectionVersion> create_past(Connection& connection, const std::string& ledger,
                                      const Projection& projection, const std::string& incarnation,
                                      bool is_kept)
{
    SEAL_TRY(next, find_next_version(connection, ledger, projection));
    Place place{next, VersionState::past, other_schema_name(ledger, projection.name, next)};
    if (!is_kept) {
        SEAL_TRY(number, connection.run(next_past));
        place.version = -static_cast<int>(number.integer(0, 0));
        place.schema_name = past_schema_name(ledger, projection.name, -place.version);
    }
    SEAL_TRY_VOID(create_at(connection, ledger, projection, place, incarnation));
    SEAL_TRY(taken, connection.run(take, {ledger, projection.name, std::to_string(place.version),
                                          definition_text(projection)}));
    return ProjectionVersion{projection.name,    place.version,
                             VersionState::past, place.schema_name,
                             Position{},         static_cast<std::uint64_t>(taken.integer(0, 0)),
                             projection.digest()};
}

Result<std::vector<Defined>> read_definitions(Connection& connection, const std::string& ledger,
                                              const std::string& name)
{
    SEAL_TRY(found, connection.run(select_active, {ledger, name}));
    if (found.rows() == 0) {
        return Error{Errc::not_found, name.empty() ? "ledger " + ledger + " has no projections"
                                                   : "projection " + name};
    }
    std::vector<Defined> all;
    for (std::size_t row = 0; row < found.rows(); ++row) {
        Defined one;
        one.version = version_in(found, row);
        one.incarnation = found.text(row, 7);
        if (found.is_null(row, 10)) {
            return Error{Errc::unsupported, "the tables of " + one.version.name +
                                                " were made by SQL that is not known any more: "
                                                "rebuild it"};
        }
        SEAL_TRY(fold, parse_definition(one.version.name, found.text(row, 10)));
        one.fold = std::move(fold);
        all.push_back(std::move(one));
    }
    return all;
}

Result<void> record_halt(Connection& connection, const std::string& ledger,
                         const std::string& projection, const std::string& code,
                         const std::string& reason)
{
    SEAL_TRY(set, connection.run(set_halted, {ledger, projection, reason, code}));
    if (set.rows_affected() == 0) {
        SEAL_TRY(kept, connection.run(keep_fault, {ledger, projection, code, reason}));
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
    return version_in(found);
}

Result<bool> try_own(Connection& connection, const std::string& ledger,
                     const std::vector<std::string>& projections)
{
    for (const std::string& projection : projections) {
        SEAL_TRY(taken, connection.run(try_lock, {ledger, projection}));
        if (!taken.boolean(0, 0)) {
            SEAL_TRY(released, connection.run(unlock_all)); // all or none
            return false;
        }
    }
    return true;
}

} // namespace sealstream
