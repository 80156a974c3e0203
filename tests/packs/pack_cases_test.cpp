#include "config/document_yaml.hpp"
#include "core/packs/pack_cases.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

using namespace sealstream;

namespace {

std::vector<std::string> compare(const char* expected, const char* found)
{
    return differences(boost::json::parse(expected), boost::json::parse(found));
}

PackCases read(const std::string& text)
{
    return read_cases({{"tests/a.yaml", text}, {"pack.yaml", ""}, {"tests/note.sql", ""}},
                      parse_yaml_document);
}

} // namespace

TEST_CASE("an expected value fits what has all of it", "[packs]")
{
    CHECK(compare("1", "1.0").empty());
    CHECK(compare("{}", R"({"a":1})").empty());
    CHECK(compare(R"({"a":{"b":"…"}})", R"({"a":{"b":[1,2]},"c":3})").empty());
    CHECK(compare(R"("…")", "null").empty());
    CHECK(compare(R"([{"a":1},"…"])", R"([{"a":1,"b":2},5])").empty());
}

TEST_CASE("what differs is told with its place", "[packs]")
{
    CHECK(compare("1", "2") == std::vector<std::string>{"the whole: expected 1, is 2"});
    CHECK(compare("1", "\"1\"") == std::vector<std::string>{"the whole: expected 1, is \"1\""});
    CHECK(compare(R"({"a":{"b":1}})", R"({"a":{}})") ==
          std::vector<std::string>{"/a/b: expected 1, is not there"});
    CHECK(compare(R"({"a":1,"b":2})", R"({"a":2,"b":1})").size() == 2);
    CHECK(compare("[1]", "[1,2]") ==
          std::vector<std::string>{"the whole: expected 1 items, are 2: [1,2]"});
    CHECK(compare("{}", "[]").size() == 1);
    CHECK(compare("[]", "{}").size() == 1);
    CHECK(compare("null", "{}").size() == 1);
}

TEST_CASE("rows are compared whatever their order", "[packs]")
{
    const auto rows = [](const char* text) { return boost::json::parse(text).as_array(); };
    CHECK(row_differences(rows(R"([{"id":1},{"id":2}])"), rows(R"([{"id":2,"x":0},{"id":1}])"))
              .empty());
    CHECK(row_differences(rows(R"([{"id":1},{"id":1}])"), rows(R"([{"id":1}])")) ==
          std::vector<std::string>{R"(missing  {"id":1})"});
    CHECK(row_differences(rows("[]"), rows(R"([{"id":1}])")) ==
          std::vector<std::string>{R"(too many {"id":1})"});
}

TEST_CASE("a case is read as it is written", "[packs]")
{
    const auto cases = read("- case: one\n"
                            "  given: [{stream: deal/a, type: Opened, data: {n: 1}, source: s}]\n"
                            "  rows: {deal: [{id: a}]}\n"
                            "  steps:\n"
                            "    - request: GET /deals?x=1\n"
                            "      header: {If-Match: '1'}\n"
                            "      status: 404\n"
                            "      events: []\n");
    REQUIRE(cases.problems.empty());
    REQUIRE(cases.cases.size() == 1);
    const auto& one = cases.cases[0];
    CHECK(one.name == "one");
    CHECK(one.place == TextPlace{1, 3});
    CHECK(one.given.at(0).source == "s");
    CHECK(one.given.at(0).event.at("type") == "Opened");
    CHECK(one.rows.at("deal").size() == 1);
    CHECK(one.steps.at(0).method == "GET");
    CHECK(one.steps.at(0).target == "/deals?x=1");
    CHECK(one.steps.at(0).fields.at(0).second == "1");
    CHECK(one.steps.at(0).status == 404);
    CHECK(one.steps.at(0).events->empty());
}

TEST_CASE("a step can look at an invariant, or run a schedule", "[packs]")
{
    const auto cases = read("- case: one\n"
                            "  steps:\n"
                            "    - {invariant: titles, breaches: [{id: a}]}\n"
                            "    - {schedule: nag, after: 2h, events: [{type: Nagged}]}\n"
                            "    - {schedule: nag}\n");
    REQUIRE(cases.problems.empty());
    const auto& steps = cases.cases.at(0).steps;
    CHECK(steps.at(0).invariant == "titles");
    CHECK(steps.at(0).breaches.size() == 1);
    CHECK(steps.at(0).method.empty());
    CHECK(steps.at(1).schedule == "nag");
    CHECK(steps.at(1).after == std::chrono::hours{2});
    CHECK(steps.at(1).events->size() == 1);
    CHECK_FALSE(steps.at(2).events);
}

TEST_CASE("what a case may not be", "[packs]")
{
    for (const auto* text :
         {"case: x", "- given: []", "- case: x\n  step: []", "- case: x\n  given: [{type: A}]",
          "- case: x\n  given: [{stream: a, type: A}]", "- case: x\n  given: [{stream: a/b}]",
          "- case: x\n  steps: [{request: FETCH /x}]", "- case: x\n  steps: [{request: GET x}]",
          "- case: x\n  steps: [{request: GET}]", "- case: x\n  steps: [{status: 200}]",
          "- case: x\n  steps: [{request: GET /, status: 99}]", "- case: x\n  rows: {t: [1]}",
          "- case: x\n  rows: []", "- case: x\n  given: {}", "- case: x\n  steps: [{invariant: a}]",
          "- case: x\n  steps: [{invariant: a, breaches: 1}]",
          "- case: x\n  steps: [{invariant: a, breaches: [], status: 200}]",
          "- case: x\n  steps: [{schedule: a, after: soon}]",
          "- case: x\n  steps: [{schedule: a, breaches: []}]"}) {
        INFO(text);
        const auto cases = read(text);
        REQUIRE(!cases.problems.empty());
        CHECK(cases.problems[0].file == "tests/a.yaml");
    }
}
