#include "projections/apart/batch_table.hpp"
#include "projections/apart/roles.hpp"
#include "projections/apart/setback.hpp"
#include "projections/pack_projections.hpp"
#include "tests/support/catch.hpp"

namespace sealstream {

namespace {

Pack bank()
{
    Pack pack;
    pack.name = "bank";
    pack.stream_types = {{"account"}, {"loan"}};
    PackEventType moved;
    moved.name = "Moved";
    moved.version = 2;
    moved.upcasts = {{1, "data || '{\"a\":1}'"}};
    pack.event_types = {moved};
    PackProjection set{"bank", 1, "CREATE TABLE a ()", "CREATE INDEX i", FoldForm::set, "SELECT 1"};
    PackProjection rows{"board", 1, "CREATE TABLE b ()", "", FoldForm::rows, "PERFORM e.id;"};
    rows.follows = {"*"};
    rows.is_skipping = false;
    PackProjection loans = set;
    loans.name = "loans";
    loans.follows = {"loan"};
    pack.projections = {set, rows, loans};
    return pack;
}

} // namespace

TEST_CASE("a pack's projections follow its own stream types, those that it names, or all",
          "[projections][packs]")
{
    const auto made = pack_projections(bank());

    REQUIRE(made.size() == 3);
    CHECK(made[0].name == "bank");
    CHECK(made[0].follows == std::vector<std::string>{"account", "loan"});
    CHECK(reaches(made[0]) == "NOT skipped AND stream_type IN ('account','loan')");
    CHECK(made[1].name == "bank_board");
    CHECK(reaches(made[1]) == "true");
    CHECK(reaches(made[2]) == "NOT skipped AND stream_type IN ('loan')");
    CHECK(made[0].is_apart());
    CHECK_FALSE(event_index_projection().is_apart());
}

TEST_CASE("who keeps payloads for a while is told when they are to be forgotten",
          "[projections][packs]")
{
    Pack pack = bank();
    pack.retention_classes = {{"short", std::chrono::hours{1}}};
    const auto made = pack_projections(pack);
    CHECK(made[0].follows == std::vector<std::string>{"account", "loan", "sealstream-retention"});
    CHECK(reaches(made[1]) == "true");
    CHECK(made[2].follows == std::vector<std::string>{"loan", "sealstream-retention"});
}

TEST_CASE("the definition of a version is read as it was written", "[projections][packs]")
{
    for (const Projection& one : pack_projections(bank())) {
        const auto read = parse_definition(one.name, definition_text(one));
        REQUIRE(read);
        CHECK(read->digest() == one.digest());
        CHECK(fold_script(*read) == fold_script(one));
        CHECK(read->pack == one.pack);
    }
    const auto index = event_index_projection();
    CHECK(parse_definition(index.name, definition_text(index))->digest() == index.digest());
    const auto later = parse_definition("bank", R"({"format":2})");
    REQUIRE(!later);
    CHECK(later.error().code == Errc::unsupported);
}

TEST_CASE("everything that makes rows is in the digest", "[projections][packs]")
{
    const auto base = pack_projections(bank()).front();
    std::vector<Projection> others(6, base);
    others[0].apply_sql += " ";
    others[1].form = FoldForm::rows;
    others[2].follows.pop_back();
    others[3].is_skipping = !base.is_skipping;
    others[4].upcasts.front().data += " ";
    others[5].upcasts.front().from = 7;

    for (const Projection& other : others) {
        CHECK(other.digest() != base.digest());
    }
}

TEST_CASE("upcasts come before the fold, in the order of versions", "[projections][packs]")
{
    auto projection = pack_projections(bank()).front();
    projection.upcasts = {{"Moved", 1, "one"}, {"Moved", 2, "two"}};

    CHECK(fold_script(projection) ==
          "UPDATE batch SET data = (one\n), schema_version = 2 WHERE type = 'Moved'"
          " AND schema_version = 1;\n"
          "UPDATE batch SET data = (two\n), schema_version = 3 WHERE type = 'Moved'"
          " AND schema_version = 2;\nSELECT 1");
}

TEST_CASE("roles fit Postgres' names, and no two packs share one", "[projections][packs]")
{
    const auto plain = apart_roles("main", "deals");
    CHECK(plain.fold == "sealstream_main_deals");
    CHECK(plain.owner == "sealstream_main_deals_owner");

    const std::string ledger(32, 'l');
    const std::string pack(24, 'p');
    const auto longest = apart_roles(ledger, pack);
    CHECK(longest.owner.size() <= 63);
    CHECK(longest.fold != apart_roles(ledger, pack.substr(1)).fold);
}

TEST_CASE("what a failed fold means hangs on its SQLSTATE", "[projections][packs]")
{
    CHECK(setback_of("22012") == Setback::poison); // division by zero
    CHECK(setback_of("23514") == Setback::poison); // check constraint
    CHECK(setback_of("P0001") == Setback::poison); // RAISE
    CHECK(setback_of("54000") == Setback::poison); // too large
    CHECK(setback_of("57014") == Setback::slow);
    CHECK(setback_of("40001") == Setback::again);
    CHECK(setback_of("57P01") == Setback::again);
    CHECK(setback_of("42501") == Setback::halt); // rights
    CHECK(setback_of("42P01") == Setback::halt); // no such table
    CHECK(setback_of("2D000") == Setback::halt); // transaction control
    CHECK(setback_of("") == Setback::halt);
}

} // namespace sealstream
