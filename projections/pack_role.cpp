#include "projections/pack_role.hpp"

#include "postgres/connection.hpp"
#include "projections/cursor_store.hpp"

namespace sealstream {

namespace {

// One at a time: two that make the same role at once would fail on its name.
constexpr const char* lock_pack_roles =
    "SELECT pg_advisory_xact_lock(hashtextextended('sealstream pack roles', 0))";
constexpr const char* is_made =
    "SELECT EXISTS (SELECT FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
    " JOIN pg_roles AS r ON r.oid = p.proowner"
    " WHERE n.nspname = 'sealstream_packs' AND p.proname = $1 AND r.rolname = $1)";
constexpr const char* has_role = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)";

std::string function_of(const std::string& role)
{
    return "sealstream_packs." + sql_name(role);
}

std::string make_function(const std::string& role)
{
    std::string values;
    for (std::size_t at = 1; at <= pack_values_max; ++at) {
        values += (at == 1 ? "v[" : ", v[") + std::to_string(at) + "]";
    }
    const std::string name = function_of(role);
    const std::string owner = sql_name(role);
    return "CREATE SCHEMA IF NOT EXISTS sealstream_packs;"
           "CREATE OR REPLACE FUNCTION " +
           name +
           "(statement text, v text[]) RETURNS SETOF text"
           " LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS "
           "$f$ BEGIN RETURN QUERY EXECUTE statement USING " +
           values + "; END $f$;" + "REVOKE ALL ON FUNCTION " + name +
           " FROM PUBLIC;"
           "GRANT EXECUTE ON FUNCTION " +
           name +
           " TO CURRENT_USER;"
           "GRANT USAGE, CREATE ON SCHEMA sealstream_packs TO " +
           owner + ";" + "ALTER FUNCTION " + name + " OWNER TO " + owner + ";" +
           "REVOKE ALL ON SCHEMA sealstream_packs FROM " + owner;
}

} // namespace

std::string pack_role_name(std::string_view ledger, std::string_view pack)
{
    return "pack_" + std::string{ledger} + "_" + std::string{pack};
}

Result<void> make_pack_reader(Connection& connection, std::string_view ledger,
                              std::string_view pack, const std::vector<std::string>& schemas)
{
    const std::string role = pack_role_name(ledger, pack);
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(locked, connection.run(lock_pack_roles));
    SEAL_TRY(made, connection.run(is_made, {role}));
    if (!made.boolean(0, 0)) {
        SEAL_TRY(known, connection.run(has_role, {role}));
        if (!known.boolean(0, 0)) {
            SEAL_TRY_VOID(
                connection.run_script("CREATE ROLE " + sql_name(role) + " NOLOGIN NOINHERIT"));
        }
        SEAL_TRY_VOID(connection.run_script("GRANT " + sql_name(role) + " TO CURRENT_USER"));
        SEAL_TRY_VOID(connection.run_script(make_function(role)));
    }
    for (const std::string& schema : schemas) {
        const std::string in = " IN SCHEMA " + sql_name(schema) + " TO " + sql_name(role) + ";";
        SEAL_TRY_VOID(connection.run_script("GRANT USAGE ON SCHEMA " + sql_name(schema) + " TO " +
                                            sql_name(role) + ";" + "GRANT SELECT ON ALL TABLES" +
                                            in + "GRANT EXECUTE ON ALL FUNCTIONS" + in));
    }
    return transaction.commit();
}

std::string run_as_pack(std::string_view ledger, std::string_view pack)
{
    return "SELECT * FROM " + function_of(pack_role_name(ledger, pack)) + "($1, $2::text[])";
}

} // namespace sealstream
