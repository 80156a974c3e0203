// ?as-of= of a pack's queries: the tables as they were.

#include "integration/support/pack_world.hpp"
#include "tests/support/catch.hpp"

#include <set>

namespace pack_as_of_test {

using namespace sealstream;
using namespace sealstream::testing;

namespace {

constexpr const char* as_of_base = "/packs/deals";

std::string open_deal(PackWorld& world)
{
    const auto got = world.http.post(std::string{as_of_base} + "/deals", R"({"title":"Mill"})");
    REQUIRE(got.status == 201);
    return got.at("/id");
}

Got get(PackWorld& world, const std::string& target,
        std::vector<std::pair<std::string, std::string>> fields = {})
{
    return world.http.get(as_of_base + target, std::move(fields));
}

std::string count_at(PackWorld& world, const std::string& as_of)
{
    const auto got = get(world, "/deals/count?as-of=" + http::percent_encode(as_of));
    return got.status == 200 ? got.at("/total") : std::to_string(got.status) + " " + got.body;
}

} // namespace

TEST_CASE("a query as of a position shows the tables as they were, and of a time as well",
          "[packs][as-of]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    world.past();
    const std::string first = open_deal(world);
    const WallTime between = SystemClock{}.wall();
    open_deal(world);
    REQUIRE(world.http
                .post("/v1/streams/deal/" + first + "/events",
                      R"({"type":"ApprovalGranted","data":{}})")
                .status == 201);
    world.fold();

    CHECK(count_at(world, "0") == "0");
    CHECK(count_at(world, "1") == "1");
    CHECK(count_at(world, "2") == "2");
    CHECK(count_at(world, "3") == "2");
    CHECK(count_at(world, to_rfc3339(between)) == "1");
    CHECK(count_at(world, "2001-01-01T00:00:00Z") == "0");
    const auto then = get(world, "/deals/" + first + "?as-of=2");
    CHECK(then.at("/approvals") == "0");
    CHECK(then.header("Sealstream-Position") == "2");
    CHECK(get(world, "/deals/" + first).at("/approvals") == "1");
    CHECK(get(world, "/deals/" + first + "?as-of=0").status == 404);

    const auto tag = then.header("ETag");
    CHECK(tag != get(world, "/deals/" + first).header("ETag"));
    CHECK(get(world, "/deals/" + first + "?as-of=2", {{"If-None-Match", tag}}).status == 304);
    CHECK(get(world, "/deals/" + first + "?as-of=1", {{"If-None-Match", tag}}).status == 200);
}

TEST_CASE("pages as of a position stay there while the log grows", "[packs][as-of]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    world.past();
    for (int number = 0; number < 5; ++number) {
        open_deal(world);
    }
    world.fold();
    const std::string time = to_rfc3339(SystemClock{}.wall());
    const auto first = get(world, "/deals?limit=2&as-of=" + time);
    REQUIRE(first.status == 200);
    CHECK(first.header("Link").find("as-of=5") != std::string::npos);
    open_deal(world);
    world.fold();

    std::set<std::string> seen;
    std::string next = first.at("/more");
    const auto first_page = first.json();
    for (const auto& deal : first_page.at("deals").as_array()) {
        seen.insert(std::string{deal.at("id").as_string()});
    }
    while (!next.empty()) {
        const auto page = get(world, "/deals?limit=2&as-of=" + time + "&after=" + next);
        REQUIRE(page.status == 200);
        CHECK(page.header("Sealstream-Position") == "5");
        const auto json = page.json();
        for (const auto& deal : json.at("deals").as_array()) {
            seen.insert(std::string{deal.at("id").as_string()});
        }
        next = json.at("more").is_null() ? "" : std::string{json.at("more").as_string()};
    }
    CHECK(seen.size() == 5);
    CHECK(world.value("SELECT count(*) FROM sealstream.past_versions") == "1");

    // A cursor belongs to its position.
    const std::string cursor = first.at("/more");
    CHECK(get(world, "/deals?limit=2&as-of=5&after=" + cursor).status == 200);
    CHECK(get(world, "/deals?limit=2&as-of=6&after=" + cursor).status == 400);
    CHECK(get(world, "/deals?limit=2&after=" + cursor).status == 400);
}

TEST_CASE("what is no place in the past is refused, and says why", "[packs][as-of]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    world.past_options.events_max = 3;
    world.past();
    for (int number = 0; number < 5; ++number) {
        open_deal(world);
    }
    world.fold();

    for (const auto* const wrong : {"x", "-1", "01", "99999999999999999999", "2026-13-01T00:00:00Z",
                                    "2200-01-01T00:00:00Z"}) {
        INFO(wrong);
        const auto got = get(world, std::string{"/deals/count?as-of="} + wrong);
        CHECK(got.status == 400);
        CHECK(got.at("/parameter") == "as-of");
    }
    const auto future = get(world, "/deals/count?as-of=6");
    CHECK(future.status == 503);
    CHECK(future.at("/code") == "projection_behind");

    CHECK(count_at(world, "3") == "3");
    const auto far = get(world, "/deals/count?as-of=4");
    CHECK(far.status == 409);
    CHECK(far.at("/code") == "as_of_too_far");
    CHECK(far.body.find("snapshots.as_of_events_max") != std::string::npos);
}

TEST_CASE("what a pack's SQL must not do it can not do in the past either", "[packs][as-of]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    world.past();
    open_deal(world);
    world.fold();

    CHECK(get(world, "/escape?as-of=1").status == 500);
    CHECK(get(world, "/set_role?as-of=1").status == 500);
    CHECK(count_at(world, "1") == "1");
    CHECK(get(world, "/deals/count").at("/total") == "1");
}

} // namespace pack_as_of_test
