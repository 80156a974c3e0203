#include "projections/apart/roles.hpp"

#include "core/base/encoding.hpp"
#include "core/event/digest.hpp"
#include "projections/cursor_store.hpp"

namespace sealstream {

namespace {

constexpr std::size_t role_bytes_max = 57; // so that "_owner" still fits
constexpr std::string_view prefix = "sealstream_";
constexpr std::size_t digest_letters = 16;

constexpr const char* lock_roles = "SELECT pg_catalog.pg_advisory_xact_lock("
                                   "pg_catalog.hashtextextended('sealstream roles of packs', 0))";

// What a role must not have: anything, in fact. Membership would let it become somebody else.
constexpr const char* look_at_role =
    "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolcanlogin OR rolreplication"
    "  OR rolbypassrls OR EXISTS (SELECT FROM pg_catalog.pg_auth_members WHERE member = r.oid)"
    " FROM pg_catalog.pg_roles AS r WHERE rolname = $1";

constexpr const char* has_function =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_proc WHERE prosecdef"
    " AND oid = pg_catalog.to_regprocedure($1)"
    " AND proowner = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = $2))";

constexpr const char* refused_objects = "SELECT * FROM sealstream.objects_refused($1, $2)";

std::string function_name(const std::string& role)
{
    return "sealstream_apart." + sql_name(role);
}

constexpr std::size_t values_max = 48; // of one query

// The rows of one statement with one text column; who calls it sets the search path.
std::string query_function_text(const std::string& role)
{
    std::string values;
    for (std::size_t at = 1; at <= values_max; ++at) {
        values += (at == 1 ? "v[" : ", v[") + std::to_string(at) + "]";
    }
    return "CREATE OR REPLACE FUNCTION " + function_name(role) +
           "(statement text, v text[]) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER AS"
           " $sealstream$ BEGIN RETURN QUERY EXECUTE statement USING " +
           values + "; END $sealstream$;";
}

// RESET ALL: a session setting would survive the function, such as a statement_timeout of one
// millisecond for whatever comes next.
std::string function_text(const std::string& role)
{
    return "CREATE OR REPLACE FUNCTION " + function_name(role) +
           "(path text, statements text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER"
           " SET search_path = pg_catalog, pg_temp AS $sealstream$ BEGIN"
           " PERFORM pg_catalog.set_config('search_path', path, true);"
           " EXECUTE statements; RESET ALL; END $sealstream$;";
}

Result<void> make_role(Connection& connection, const std::string& role)
{
    SEAL_TRY(found, connection.run(look_at_role, {role}));
    if (found.rows() == 0) {
        const auto made =
            connection.run_script("CREATE ROLE " + sql_name(role) + " NOLOGIN NOINHERIT; GRANT " +
                                  sql_name(role) + " TO CURRENT_USER");
        if (!made) {
            return Error{Errc::unsupported,
                         "packs need the role " + role +
                             "; let our role make it (CREATEROLE), or make it: CREATE ROLE " +
                             sql_name(role) + " NOLOGIN NOINHERIT and GRANT it to us (" +
                             made.error().context + ")"};
        }
        return {};
    }
    if (found.boolean(0, 0)) {
        return Error{Errc::unsupported, "the role " + role +
                                            " of a pack can do more than nothing: it may neither "
                                            "log in nor be a member of another role"};
    }
    return {};
}

// Who becomes the owner must be able to make it there, at that moment.
std::string give_away(const std::string& function, const std::string& role)
{
    return "REVOKE ALL ON FUNCTION " + function + " FROM PUBLIC; GRANT EXECUTE ON FUNCTION " +
           function + " TO CURRENT_USER; GRANT CREATE ON SCHEMA sealstream_apart TO " +
           sql_name(role) + "; ALTER FUNCTION " + function + " OWNER TO " + sql_name(role) +
           "; REVOKE ALL ON SCHEMA sealstream_apart FROM " + sql_name(role) + ";";
}

Result<void> make_functions(Connection& connection, const std::string& role)
{
    const std::string run = function_name(role) + "(text,text)";
    const std::string query = function_name(role) + "(text,text[])";
    SEAL_TRY(found, connection.run(has_function, {query, role}));
    if (found.boolean(0, 0)) {
        return {};
    }
    return connection.run_script(function_text(role) + give_away(run, role) +
                                 query_function_text(role) + give_away(query, role));
}

// Rights of the folding role: rows, never structure.
std::string grants(const std::string& schema, const std::string& role)
{
    const std::string to = " TO " + sql_name(role) + ";";
    const std::string all = " IN SCHEMA " + sql_name(schema);
    return "GRANT USAGE ON SCHEMA " + sql_name(schema) + to +
           "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES" + all + to +
           "GRANT USAGE, SELECT ON ALL SEQUENCES" + all + to + "GRANT EXECUTE ON ALL FUNCTIONS" +
           all + to;
}

} // namespace

ApartRoles apart_roles(std::string_view ledger, std::string_view pack)
{
    const std::string whole = std::string{ledger} + "_" + std::string{pack};
    std::string role = std::string{prefix} + whole;
    if (role.size() > role_bytes_max) {
        role.resize(role_bytes_max - digest_letters - 1);
        role += "_" + to_hex(sha256(as_bytes(whole)).view()).substr(0, digest_letters);
    }
    return {role + "_owner", role, whole};
}

Result<void> make_apart(Connection& connection, const ApartRoles& roles)
{
    SEAL_TRY(locked, connection.run(lock_roles));
    for (const std::string& role : {roles.owner, roles.fold}) {
        const auto made = make_role(connection, role);
        if (!made) {
            return made;
        }
        const auto callable = make_functions(connection, role);
        if (!callable) {
            return with_context(callable.error(), "the function that runs SQL as " + role);
        }
    }
    return {};
}

Result<void> make_as_owner(Connection& connection, const ApartRoles& roles,
                           const std::string& schema_name, const std::string& statements)
{
    const std::string schema = sql_name(schema_name);
    const std::string owner = sql_name(roles.owner);
    const auto granted =
        connection.run_script("GRANT USAGE, CREATE ON SCHEMA " + schema + " TO " + owner);
    if (!granted) {
        return granted;
    }
    const auto made = connection.run(call_apart(roles.owner), {schema + ", pg_temp", statements});
    if (!made) {
        return made.error();
    }
    const auto restored = connection.run_script(
        connection.reset_script() + "SET LOCAL search_path = pg_catalog, pg_temp;" +
        "REVOKE CREATE ON SCHEMA " + schema + " FROM " + owner);
    if (!restored) {
        return restored;
    }
    SEAL_TRY(refused, connection.run(refused_objects, {roles.owner, roles.schemas}));
    if (refused.rows() != 0) {
        return Error{Errc::forbidden,
                     "a pack may not make this: " + std::string{refused.text(0, 0)}};
    }
    return connection.run_script(grants(schema_name, roles.fold));
}

std::string query_apart(const std::string& role)
{
    return "SELECT * FROM " + function_name(role) + "($1, $2::text[])";
}

std::string call_apart(const std::string& role)
{
    return "SELECT " + function_name(role) + "($1, $2)";
}

} // namespace sealstream
