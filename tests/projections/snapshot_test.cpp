// When snapshots are taken, which are kept, what their seal is over, and in which order tables are
// filled.

#include "projections/snapshots/policy.hpp"
#include "projections/snapshots/table_copies.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <algorithm>
#include <set>

namespace sealstream {

namespace {

using std::chrono::seconds;

SnapshotPolicy policy(std::uint64_t events, seconds interval)
{
    SnapshotPolicy made;
    made.events = events;
    made.interval = interval;
    return made;
}

std::uint64_t longest_gap(const std::vector<std::uint64_t>& positions)
{
    std::uint64_t before = 0;
    std::uint64_t longest = 0;
    for (const std::uint64_t position : positions) {
        longest = std::max(longest, position - before);
        before = position;
    }
    return longest;
}

// What the surplus must be, one snapshot at a time, by trying every one.
std::vector<std::uint64_t> spec_kept(std::vector<std::uint64_t> positions, std::size_t keep)
{
    while (positions.size() > keep) {
        std::size_t best = 0;
        std::uint64_t best_gap = std::numeric_limits<std::uint64_t>::max();
        for (std::size_t at = 0; at + 1 < positions.size(); ++at) {
            const std::uint64_t before = at == 0 ? 0 : positions[at - 1];
            if (positions[at + 1] - before < best_gap) {
                best_gap = positions[at + 1] - before;
                best = at;
            }
        }
        positions.erase(positions.begin() + static_cast<std::ptrdiff_t>(best));
    }
    return positions;
}

Snapshot sample()
{
    Snapshot snapshot;
    snapshot.name = "bank";
    snapshot.number = 3;
    snapshot.position = Position{400};
    snapshot.version = 2;
    snapshot.schema_name = "main_bank$s3";
    snapshot.fold_digest = "aa";
    snapshot.incarnation = "log1";
    snapshot.skipped_types = {"Noise", "Ping"};
    snapshot.schema_versions = {"Transferred=2"};
    snapshot.folded_to = "2026-01-01T00:00:00.000000Z";
    snapshot.tables = {{"balance", 7, "1:2"}, {"history", 9, "3:4"}};
    snapshot.sequences = {{"numbers", 12, true}};
    return snapshot;
}

} // namespace

TEST_CASE("a snapshot is due by events, by time, and never where nothing was folded", "[snapshots]")
{
    const Position at{1'000};
    CHECK_FALSE(is_snapshot_due(policy(0, seconds{0}), {at, Position{}, {}}));
    CHECK(is_snapshot_due(policy(1'000, seconds{0}), {at, Position{}, {}}));
    CHECK_FALSE(is_snapshot_due(policy(1'001, seconds{0}), {at, Position{}, {}}));
    CHECK(is_snapshot_due(policy(100, seconds{0}), {at, Position{900}, seconds{0}}));
    CHECK_FALSE(is_snapshot_due(policy(100, seconds{0}), {at, Position{901}, seconds{1'000'000}}));

    CHECK(is_snapshot_due(policy(0, seconds{60}), {at, Position{}, {}}));
    CHECK(is_snapshot_due(policy(0, seconds{60}), {at, Position{999}, seconds{60}}));
    CHECK_FALSE(is_snapshot_due(policy(0, seconds{60}), {at, Position{999}, seconds{59}}));
    CHECK_FALSE(is_snapshot_due(policy(1, seconds{60}), {at, at, seconds{1'000'000}}));
    CHECK_FALSE(is_snapshot_due(policy(1, seconds{60}), {Position{}, Position{}, {}}));
}

TEST_CASE("what is too much goes where it is missed least, and the newest stays", "[snapshots]")
{
    auto random = testing::random_generator(140);
    int wrong = 0;
    for (int round = 0; round < 300; ++round) {
        std::set<std::uint64_t> drawn;
        const std::size_t count = random() % 12;
        while (drawn.size() < count) {
            drawn.insert(1 + random() % 1'000);
        }
        const std::size_t keep = 1 + random() % 5;
        std::vector<Position> positions;
        for (const std::uint64_t one : drawn) {
            positions.push_back(Position{one});
        }

        const auto surplus = surplus_snapshots(positions, keep);

        std::vector<std::uint64_t> kept;
        for (std::size_t at = 0; at < positions.size(); ++at) {
            if (std::find(surplus.begin(), surplus.end(), at) == surplus.end()) {
                kept.push_back(positions[at].value);
            }
        }
        wrong += kept == spec_kept({drawn.begin(), drawn.end()}, keep) ? 0 : 1;
        wrong += drawn.empty() || kept.back() == *drawn.rbegin() ? 0 : 1;
    }
    CHECK(wrong == 0);
}

TEST_CASE("those that are kept while a log grows stay spread over it", "[snapshots]")
{
    constexpr std::size_t keep = 6;
    std::vector<Position> kept;
    for (std::uint64_t taken = 1; taken <= 500; ++taken) {
        kept.push_back(Position{taken * 1'000});
        const auto surplus = surplus_snapshots(kept, keep);
        for (auto at = surplus.rbegin(); at != surplus.rend(); ++at) {
            kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(*at));
        }
    }
    REQUIRE(kept.size() == keep);
    std::vector<std::uint64_t> positions;
    for (const Position one : kept) {
        positions.push_back(one.value);
    }
    CHECK(longest_gap(positions) <= 3 * 500'000 / keep);
}

TEST_CASE("a seal changes with everything that a snapshot is", "[snapshots]")
{
    const std::string seal = seal_of("main", sample());
    std::set<std::string> seals{seal, seal_of("other", sample())};
    const auto changed = [&seals](auto change) {
        Snapshot snapshot = sample();
        change(snapshot);
        seals.insert(seal_of("main", snapshot));
    };
    changed([](Snapshot& one) { one.name = "bunk"; });
    changed([](Snapshot& one) { one.number = 4; });
    changed([](Snapshot& one) { one.position = Position{401}; });
    changed([](Snapshot& one) { one.version = 3; });
    changed([](Snapshot& one) { one.fold_digest = "ab"; });
    changed([](Snapshot& one) { one.incarnation = "log2"; });
    changed([](Snapshot& one) { one.skipped_types = {"NoisePing"}; });
    changed([](Snapshot& one) { one.schema_versions.clear(); });
    changed([](Snapshot& one) { one.folded_to.clear(); });
    changed([](Snapshot& one) { one.tables[1].digest = "3:5"; });
    changed([](Snapshot& one) { one.tables[1].rows = 8; });
    changed([](Snapshot& one) { one.tables.pop_back(); });
    changed([](Snapshot& one) { one.sequences[0].last_value = 13; });
    changed([](Snapshot& one) { one.sequences[0].is_called = false; });
    CHECK(seals.size() == 16);

    Snapshot elsewhere = sample();
    elsewhere.schema_name = "main_bank$s4"; // where the rows are is not what they are
    elsewhere.bytes = 9;
    CHECK(seal_of("main", elsewhere) == seal);
}

TEST_CASE("tables are filled after those that they refer to", "[snapshots]")
{
    const auto ordered = order_tables({"a", "b", "c", "d"}, {{"a", "c"}, {"c", "d"}, {"b", "b"}});
    REQUIRE(ordered);
    const auto place = [&ordered](const std::string& table) {
        return std::find(ordered->begin(), ordered->end(), table) - ordered->begin();
    };
    CHECK(ordered->size() == 4);
    CHECK(place("d") < place("c"));
    CHECK(place("c") < place("a"));

    const auto ring = order_tables({"a", "b"}, {{"a", "b"}, {"b", "a"}});
    REQUIRE(!ring);
    CHECK(ring.error().code == Errc::unsupported);
}

TEST_CASE(
    "a copy has text where a pack has types of its own, and makes nothing that the table makes",
    "[snapshots]")
{
    const CopiedTable table{"deal's",
                            {{"id", "bigint", false, false},
                             {"state", "main_deals.state", true, false},
                             {"sum", "numeric", false, true}}};
    CHECK(copy_out(table, "live", "copy") ==
          "CREATE TABLE \"copy\".\"deal's\" AS SELECT \"id\", \"state\"::pg_catalog.text AS "
          "\"state\", \"sum\" FROM \"live\".\"deal's\";");
    const std::string back = copy_in_all({table}, {{"numbers", 5, false}}, "copy", "live");
    CHECK(back.find("INSERT INTO \"live\".\"deal's\" (\"id\", \"state\") OVERRIDING SYSTEM VALUE "
                    "SELECT \"id\", CAST(\"state\" AS main_deals.state) FROM "
                    "\"copy\".\"deal's\";") != std::string::npos);
    CHECK(back.find("setval('\"live\".\"numbers\"', 5, false)") != std::string::npos);
}

} // namespace sealstream
