// Queries and commands of a pack, over real tables.

#include "integration/support/pack_world.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/serialize.hpp>

namespace pack_query_test {

using namespace sealstream;
using namespace sealstream::testing;

namespace {

constexpr const char* base = "/packs/deals";

std::string open_deals(PackWorld& world, int count)
{
    std::string last;
    for (int number = 0; number < count; ++number) {
        const auto got = world.http.post(std::string{base} + "/deals", R"({"title":"Mill"})");
        REQUIRE(got.status == 201);
        last = got.at("/id");
    }
    world.fold();
    return last;
}

Got echo(PackWorld& world, const std::string& query)
{
    return world.http.get(std::string{base} + "/echo?" + query);
}

// Texts that have broken somebody's SQL, JSON or terminal.
const std::vector<std::string>& hostile_texts()
{
    static const std::vector<std::string> texts{"'",
                                                "''",
                                                "'; DROP TABLE deals; --",
                                                "\\'; SELECT 1; --",
                                                "$1",
                                                ":text",
                                                "$$",
                                                "{}",
                                                "{\"a\"}",
                                                "NULL",
                                                "null",
                                                "a,b",
                                                "\"",
                                                "\\",
                                                "%",
                                                "_",
                                                "x' OR '1'='1",
                                                "1; SELECT pg_sleep(9)",
                                                ") AS q) AS r; --",
                                                "/* */",
                                                "--",
                                                "\xe2\x80\xae",
                                                "\xf0\x9f\x92\xa9",
                                                "\x01\x02",
                                                " ",
                                                "U&'\\0027'",
                                                "E'\\x27'",
                                                "{{",
                                                "{path.id}",
                                                "\n\r\t"};
    return texts;
}

} // namespace

TEST_CASE("pages of a query follow each other by their key and end", "[packs][query]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    open_deals(world, 7);

    std::string target = std::string{base} + "/deals?limit=3";
    std::vector<std::size_t> sizes;
    std::set<std::string> seen;
    std::string next;
    do {
        const auto got = world.http.get(target + (next.empty() ? "" : "&after=" + next));
        REQUIRE(got.status == 200);
        const auto page = got.json();
        const auto& deals = page.at("deals").as_array();
        sizes.push_back(deals.size());
        for (const auto& deal : deals) {
            seen.insert(std::string{deal.at("id").as_string()});
        }
        next = page.at("more").is_null() ? "" : std::string{page.at("more").as_string()};
        CHECK(got.header("Link").empty() == next.empty());
    } while (!next.empty());

    CHECK(sizes == std::vector<std::size_t>{3, 3, 1});
    CHECK(seen.size() == 7);
}

TEST_CASE("a cursor serves the query and the parameters that it was made for", "[packs][query]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    open_deals(world, 3);
    const auto first = world.http.get(std::string{base} + "/deals?limit=1");
    const auto cursor = first.at("/more");
    REQUIRE(!cursor.empty());

    CHECK(world.http.get(std::string{base} + "/deals?limit=2&after=" + cursor).status == 200);
    for (const auto& after : {cursor + "x", std::string{"0"}, std::string{"'"}, cursor.substr(1)}) {
        const auto got =
            world.http.get(std::string{base} + "/deals?after=" + http::percent_encode(after));
        CHECK(got.status == 400);
        CHECK(got.at("/parameter") == "after");
    }
    const auto other =
        world.http.get(std::string{base} + "/deals?state=review&limit=1&after=" + cursor);
    CHECK(other.status == 400);
}

TEST_CASE("an answer is tagged with what was folded, and not sent again until more is",
          "[packs][query]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    const auto id = open_deals(world, 1);
    const std::string target = std::string{base} + "/deals/" + id;
    const auto first = world.http.get(target);
    REQUIRE(first.status == 200);
    CHECK(first.header("Sealstream-Position") == "1");
    CHECK(first.at("/state") == "review");

    CHECK(world.http.get(target, {{"if-none-match", first.header("ETag")}}).status == 304);
    open_deals(world, 1);
    CHECK(world.http.get(target, {{"if-none-match", first.header("ETag")}}).status == 200);
}

TEST_CASE("a read waits for min-position, or says how far it is", "[packs][query]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    open_deals(world, 1);
    world.stop_projector();
    const auto opened = world.http.post(std::string{base} + "/deals", R"({"title":"Late"})");
    const std::string target = std::string{base} + "/deals/count?min-position=" + opened.at("/at");

    const auto behind = world.http.get(target);
    CHECK(behind.status == 503);
    CHECK(behind.at("/code") == "projection_behind");
    CHECK(behind.at("/position") == "1");
    const auto lenient = world.http.get(target, {{"prefer", "handling=lenient"}});
    CHECK(lenient.status == 200);
    CHECK(lenient.at("/total") == "1");
    world.start_projector();
    const auto waited = world.http.get(target, {{"prefer", "wait=20"}});
    CHECK(waited.status == 200);
    CHECK(waited.at("/total") == "2");
}

TEST_CASE("values of every type reach SQL as they are, whatever is in them",
          "[packs][query][injection]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    open_deals(world, 1);

    std::size_t changed = 0;
    for (const std::string& text : hostile_texts()) {
        const auto encoded = http::percent_encode(text);
        const auto as_text = echo(world, "text=" + encoded);
        const auto as_json =
            echo(world,
                 "data=" + http::percent_encode(boost::json::serialize(boost::json::value(text))));
        changed += as_text.status == 200 && as_text.at("/text") == text ? 0U : 1U;
        changed += as_json.status == 200 && as_json.at("/data") == text ? 0U : 1U;
        if (text.find(',') == std::string::npos) {
            const auto as_list = echo(world, "words=" + encoded + "&words=b");
            changed += as_list.status == 200 && as_list.at("/words/0") == text &&
                               as_list.at("/words/1") == "b"
                           ? 0U
                           : 1U;
        }
        if (changed != 0) {
            UNSCOPED_INFO("first of them: " << text << " " << as_text.body << as_json.body);
            break;
        }
    }
    CHECK(changed == 0);
    for (const auto& name :
         {"integer", "number", "flag", "at", "id", "position", "numbers", "small"}) {
        for (const std::string& text : hostile_texts()) {
            const auto got = echo(world, std::string{name} + "=" + http::percent_encode(text));
            if (got.status != 400 || got.at("/parameter") != name) {
                UNSCOPED_INFO(name << " = " << text << ": " << got.body);
                ++changed;
            }
        }
    }
    CHECK(changed == 0);
    CHECK(world.http.get(std::string{base} + "/deals/count").at("/total") == "1");
}

TEST_CASE("what does not fit a parameter is refused by its name", "[packs][query]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    struct Row {
        const char* query;
        const char* parameter;
    };
    for (const Row& row :
         {Row{"small=0", "small"}, Row{"small=11", "small"}, Row{"small=3.5", "small"},
          Row{"integer=9223372036854775808", "integer"}, Row{"number=nan", "number"},
          Row{"number=1e999", "number"}, Row{"flag=yes", "flag"}, Row{"at=yesterday", "at"},
          Row{"id=42", "id"}, Row{"position=-1", "position"}, Row{"numbers=1,b", "numbers"},
          Row{"data={", "data"}, Row{"data=%22%5Cu0000%22", "data"}, Row{"text=%00", "text"},
          Row{"text=%ff", "text"}, Row{"text=a&text=b", "text"}, Row{"txt=a", "txt"}}) {
        INFO(row.query);
        const auto got = echo(world, row.query);
        CHECK(got.status == 400);
        CHECK(got.at("/parameter") == row.parameter);
    }
    CHECK(world.http.get(std::string{base} + "/deals?state=lost").at("/parameter") == "state");
    CHECK(world.http.get(std::string{base} + "/deals?limit=101").at("/parameter") == "limit");
    const auto good =
        echo(world, "integer=-7&number=0.25&flag=true&at=2025-12-24T10:00:00Z&numbers=1,2");
    CHECK(good.status == 200);
    CHECK(good.at("/integer") == "-7");
    CHECK(good.at("/numbers/1") == "2");
    CHECK(good.at("/small") == "5");
    CHECK(good.at("/id") == "null");
}

TEST_CASE("a query of a pack can neither run for ever nor answer without end", "[packs][query]")
{
    if (has_no_postgres()) {
        return;
    }
    http::Limits limits;
    limits.pack_query_time_max = std::chrono::milliseconds{300};
    PackWorld hurried{deal_pack(), base, limits};
    hurried.fold();
    PackWorld world;
    world.fold();

    const auto slow = hurried.http.get(std::string{base} + "/slow");
    CHECK(slow.status == 503);
    CHECK(slow.at("/code") == "timed_out");
    CHECK(world.http.get(std::string{base} + "/many").status == 500);
    CHECK(world.http.get(std::string{base} + "/large").status == 500);
    CHECK(world.http.get(std::string{base} + "/deals/none").status == 404);
    CHECK(world.http.get(std::string{base} + "/deals/count").body ==
          "{\"total\" : 0, \"states\" : null}\n");
}

TEST_CASE("SQL of a pack can not become anybody else, and leaves nothing behind", "[packs][query]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    world.fold();

    CHECK(world.http.get(std::string{base} + "/whoami").body == "\"pack_main_deals\"\n");
    CHECK(world.http.get(std::string{base} + "/set_role").status == 500);
    CHECK(world.http.get(std::string{base} + "/escape").status == 500);
    CHECK(world.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1") ==
          "0");
    CHECK(world.http.get(std::string{base} + "/whoami").body == "\"pack_main_deals\"\n");
}

TEST_CASE("a command appends what its body says, and answers as the pack wants", "[packs][command]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    const std::string target = std::string{base} + "/deals";
    const std::string hostile = R"({body.amount}","type":"DealClosed)";
    const auto body =
        R"({"title":)" + boost::json::serialize(boost::json::value(hostile)) + R"(,"amount":12.5})";

    const auto got = world.http.post(target, body);

    REQUIRE(got.status == 201);
    CHECK(got.at("/title") == hostile);
    const auto events = world.http.get("/v1/streams/deal/" + got.at("/id") + "/events");
    CHECK(events.at("/events/0/type") == "DealOpened");
    CHECK(events.at("/events/0/data/title") == hostile);
    CHECK(events.body.find("\"amount\":12.5") != std::string::npos);
    CHECK(got.header("Sealstream-Position") == got.at("/at"));

    const auto invalid = world.http.post(target, R"({"title":7})");
    CHECK(invalid.status == 422);
    CHECK(invalid.at("/code") == "body_invalid");
    CHECK(invalid.at("/errors/0/pointer") == "/title");
    CHECK(world.http.post(target, "{").status == 400);
    CHECK(
        world.http.send({http::Verb::post, target, {{"content-type", "text/plain"}}, "x"}).status ==
        415);
}

TEST_CASE("a repeated command with its key is answered as the first time", "[packs][command]")
{
    if (has_no_postgres()) {
        return;
    }
    PackWorld world;
    const std::string target = std::string{base} + "/deals";
    const std::vector<std::pair<std::string, std::string>> key{{"idempotency-key", "order-7"}};

    const auto first = world.http.post(target, R"({"title":"Mill"})", key);
    const auto again = world.http.post(target, R"({"title":"Mill"})", key);
    const auto other = world.http.post(target, R"({"title":"Barn"})", key);

    CHECK(first.status == 201);
    CHECK(again.status == 201);
    CHECK(again.at("/id") == first.at("/id"));
    CHECK(again.header("Idempotency-Replayed") == "true");
    CHECK(other.status == 422);
}

} // namespace pack_query_test
