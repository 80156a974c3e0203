#include "integration/support/watch_pack.hpp"

#include <filesystem>
#include <fstream>

namespace sealstream::testing {

namespace {

constexpr const char* watch_pack_yaml = R"(pack: watch
version: 1
summary: Accounts that must not be in debt.
streams:
  account: {}
events:
  Moved:
    streams: [account]
    schema: {type: object, properties: {by: {type: integer}}, required: [by]}
    examples: [{data: {by: -5}}]
  Swept:
    streams: [account]
    schema: {type: object}
    examples: [{data: {}}]
projections:
  watch: {tables: tables.sql, apply: apply.sql}
invariants:
  no_debt:
    summary: No account is in debt.
    sql: SELECT id, balance FROM account WHERE balance < 0 ORDER BY id
    every: 200ms
    severity: warn
  paged:
    summary: No account owes a thousand.
    sql: SELECT id FROM account WHERE balance <= -1000
    every: 200ms
    event: DebtBreach
  can_not_look:
    summary: Nobody can tell.
    sql: SELECT id FROM account WHERE 1 / (balance - balance) = 1
    every: 1s
    severity: warn
schedules:
  sweep:
    every: 500ms
    sql: |
      SELECT 'Swept' AS type, id AS stream_id, '{}'::jsonb AS data FROM account
      WHERE balance >= 100 AND NOT is_swept AND :now > '2020-01-01'
      UNION ALL
      SELECT 'Moved', id, '{"by":"none"}' FROM account WHERE id = 'odd'
      ORDER BY 2 LIMIT 400
)";
constexpr const char* watch_tables_sql =
    "CREATE TABLE account (id text COLLATE \"C\" PRIMARY KEY, balance bigint NOT NULL,\n"
    "                      is_swept boolean NOT NULL);\n";
constexpr const char* watch_apply_sql =
    "INSERT INTO account AS old SELECT stream_id, coalesce(sum((data->>'by')::bigint), 0),\n"
    "    bool_or(type = 'Swept') FROM batch GROUP BY stream_id\n"
    "ON CONFLICT (id) DO UPDATE SET balance = old.balance + excluded.balance,\n"
    "    is_swept = old.is_swept OR excluded.is_swept;\n";

void write_file(const std::filesystem::path& file, const char* text)
{
    std::ofstream{file} << text;
}

} // namespace

std::string write_watch_pack(const std::string& folder)
{
    const std::filesystem::path place = std::filesystem::path{folder} / "watch";
    std::filesystem::create_directories(place);
    write_file(place / "pack.yaml", watch_pack_yaml);
    write_file(place / "tables.sql", watch_tables_sql);
    write_file(place / "apply.sql", watch_apply_sql);
    return place.string() + "=/watch";
}

} // namespace sealstream::testing
