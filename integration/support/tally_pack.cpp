#include "integration/support/tally_pack.hpp"

#include "integration/support/ledger_view.hpp"
#include "tests/support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

namespace sealstream::testing {

namespace {

constexpr std::chrono::seconds longest{60};
constexpr std::chrono::milliseconds tally_poll{100};

constexpr const char* pack_yaml = "pack: tally\n"
                                  "version: 1\n"
                                  "summary: How many events each stream has.\n"
                                  "streams:\n"
                                  "  tallied: {addressing: stream}\n"
                                  "events:\n"
                                  "  Tallied:\n"
                                  "    schema: {type: object}\n"
                                  "    examples: [{data: {}}]\n"
                                  "projections:\n"
                                  "  tally:\n"
                                  "    version: 1\n"
                                  "    tables: tables.sql\n"
                                  "    apply: apply.sql\n"
                                  "    follows: [\"*\"]\n"
                                  "    skipped: true\n";
constexpr const char* tables_sql =
    "CREATE TABLE tally (stream text COLLATE \"C\" PRIMARY KEY, events bigint NOT NULL,\n"
    "                    last bigint NOT NULL, positions numeric NOT NULL);\n";
constexpr const char* apply_sql =
    "INSERT INTO tally SELECT stream_type || '/' || stream_id, count(*), max(version),\n"
    "    sum(position) FROM batch GROUP BY stream_type, stream_id\n"
    "ON CONFLICT (stream) DO UPDATE SET events = tally.events + excluded.events,\n"
    "    last = excluded.last, positions = tally.positions + excluded.positions;\n";
constexpr const char* select_all =
    "SELECT coalesce(string_agg(stream || ' ' || events || ' ' || last || ' ' || positions, E'\\n'"
    " ORDER BY stream), '') FROM main_tally.tally";

void write(const std::filesystem::path& file, const char* text)
{
    std::ofstream{file} << text;
}

struct Count {
    std::uint64_t events{0};
    std::uint64_t last{0};
    std::uint64_t positions{0};
};

std::string count_of(const std::vector<StoredRecord>& records)
{
    std::map<std::string, Count> counts;
    for (const StoredRecord& record : records) {
        const auto event = decode_record(record.record);
        REQUIRE(event);
        Count& count = counts[event->stream.to_string()];
        ++count.events;
        count.last = event->version.value;
        count.positions += record.position.value;
    }
    std::string text;
    for (const auto& [stream, count] : counts) {
        text.append(text.empty() ? "" : "\n").append(stream).append(" ");
        text += std::to_string(count.events) + " " + std::to_string(count.last) + " " +
                std::to_string(count.positions);
    }
    return text;
}

} // namespace

std::string write_tally_pack(const std::string& folder)
{
    const std::filesystem::path place = std::filesystem::path{folder} / "tally";
    std::filesystem::create_directories(place);
    write(place / "pack.yaml", pack_yaml);
    write(place / "tables.sql", tables_sql);
    write(place / "apply.sql", apply_sql);
    return place.string() + "=/tally";
}

void check_tally(Cluster& cluster)
{
    LedgerView view{cluster};
    const auto records = view.records();
    REQUIRE_FALSE(records.empty());
    const std::string wanted = std::to_string(records.back().position.value);
    const auto deadline = std::chrono::steady_clock::now() + longest;
    const std::string cursor = "SELECT cursor FROM sealstream.projections"
                               " WHERE name = 'tally' AND state = 'active'";
    while (view.value(cursor) != wanted && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(tally_poll);
    }
    INFO(
        view.value("SELECT coalesce(halted, '') FROM sealstream.projections WHERE name = 'tally'"));
    CHECK(view.value(cursor) == wanted);
    CHECK(view.value(select_all) == count_of(records));
    CHECK(view.value("SELECT count(*) FROM sealstream.foreign_writes") == "0");
}

} // namespace sealstream::testing
