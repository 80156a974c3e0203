#include "node/cli/policy_text.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

using namespace sealstream;
using namespace sealstream::cli;

namespace {

boost::json::object object(const char* text)
{
    return boost::json::parse(text).as_object();
}

} // namespace

TEST_CASE("a change keeps what it does not name", "[cli][policy]")
{
    const EmissionPolicy before{{"a", "b"}, {"account"}, true};
    PolicyChange nobody;
    nobody.sources.emplace();
    PolicyChange others;
    others.stream_types.emplace();
    others.skip_in_projection = false;

    CHECK(*changed(before, {}) == before);
    CHECK(*changed(before, nobody) == EmissionPolicy{{}, {"account"}, true});
    CHECK(*changed(before, others) == EmissionPolicy{{"a", "b"}, {}, false});
    CHECK(*changed(std::nullopt, nobody) == EmissionPolicy{});
    CHECK(changed(std::nullopt, others).error().code == Errc::refused);
}

TEST_CASE("a node's row is a policy with more members", "[cli][policy]")
{
    const auto policy = policy_of_row(object(
        R"({"event_type":"T","sources":["a"],"stream_types":[],"skip_in_projection":true,"version":"3"})"));

    CHECK(*policy == EmissionPolicy{{"a"}, {}, true});
    CHECK(policy_of_row({}).error().code == Errc::malformed);
}

TEST_CASE("policies are columns, and say what holds for all other types", "[cli][policy]")
{
    const boost::json::array rows{
        object(R"({"event_type":"LongerName","sources":["a","b*"],"stream_types":["account"],
                   "skip_in_projection":true,"version":"3","changed":"2026-01-02T03:04:05.678Z",
                   "changed_by":"ann"})"),
        object(R"({"event_type":"T","sources":[],"stream_types":[],"skip_in_projection":false,
                   "version":"1","changed":"2026-01-02T03:04:05Z","changed_by":"bob"})")};

    CHECK(policy_table(rows, true) == "EVENT TYPE  MAY BE EMITTED BY  IN STREAMS OF  READ MODELS  "
                                      "VERSION  CHANGED               BY\n"
                                      "LongerName  a, b*              account        skip it      "
                                      "3        2026-01-02T03:04:05Z  ann\n"
                                      "T           nobody             any type       count it     "
                                      "1        2026-01-02T03:04:05Z  bob\n"
                                      "Types without a policy may be emitted by anybody.\n");
    CHECK(policy_table({}, false) ==
          "No event type has a policy; types without one may be emitted by nobody.\n");
}

TEST_CASE("an explanation begins with the answer", "[cli][policy]")
{
    CHECK(explanation_text(object(
              R"({"is_allowed":false,"reason":"no","rule":"policies/T@1","position":"7"})")) ==
          "REFUSED: no\n  rule policies/T@1, as of position 7\n");
    CHECK(
        explanation_text(object(R"({"is_allowed":true,"skip_in_projection":true,"reason":"yes"})"))
            .starts_with("ALLOWED, and read models skip it: yes\n"));
}

TEST_CASE("a dry run that ended early says so", "[cli][policy]")
{
    const auto text = dry_run_text(object(
        R"({"from":"1","to":"5000","events":4000,"is_complete":false,"refused":12,"newly_refused":10,
            "newly_allowed":0,"by_type":{"T":{"refused":12,"newly_refused":10,"newly_allowed":0}},
            "examples":[{"position":"9","stream":"a/1","reason":"because"}]})"));

    CHECK(text.find("10 of 4,000 events would be refused that are not now") == 0);
    CHECK(text.find("positions 1 to 5000.\n") != std::string::npos);
    CHECK(text.find("T           10             0              12\n") != std::string::npos);
    CHECK(text.find("SOURCE") == std::string::npos);
    CHECK(text.find("  at position 9, a/1: because\n") != std::string::npos);
}
