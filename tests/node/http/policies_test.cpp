// Emission policies over HTTP: edits, what they refuse, and the forensic log.

#include "core/rules/system_streams.hpp"
#include "tests/node/http/http_world.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_rejection_log.hpp"
#include "tests/support/run_task.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

const std::string issued = "/v1/policies/TokensIssued";
const std::string issued_row = "/api/v1/admin/event-emission-policies/TokensIssued";
const std::string registry_only = R"({"sources":["registry-*"]})";

struct PolicyWorld : HttpWorld {
    PolicyWorld() { services.rejections = &rejections; }

    Got put(std::string target, std::string body, Fields fields = {})
    {
        fields.emplace_back("Content-Type", "application/json");
        return send({http::Verb::put, std::move(target), std::move(fields), std::move(body)});
    }
    Got remove(std::string target, Fields fields = {})
    {
        return send({http::Verb::delete_, std::move(target), std::move(fields)});
    }
    Got append(std::string body, std::string source)
    {
        return post("/v1/streams/account/1/events", std::move(body),
                    {{"Sealstream-Source", std::move(source)}});
    }

    MemoryRejectionLog rejections;
};

} // namespace

TEST_CASE("an edit holds when it is answered, and the log shows it", "[http][policy]")
{
    PolicyWorld world;
    REQUIRE(world.append(R"({"type":"TokensIssued"})", "teg-layer-a").status == 201);

    const auto put = world.put(issued, registry_only, {{"Sealstream-Source", "governance"}});
    const auto refused = world.append(R"({"type":"TokensIssued"})", "teg-layer-a");
    const auto taken = world.append(R"({"type":"TokensIssued"})", "registry-a");
    const auto other = world.append(R"({"type":"TokensStaked"})", "teg-layer-a");

    CHECK(put.status == 201);
    CHECK(put.header("ETag") == "\"1\"");
    CHECK(put.header("Sealstream-Position") == "2");
    CHECK(put.at("/changed_by") == "governance");
    CHECK(refused.status == 403);
    CHECK(refused.at("/code") == "emission_refused");
    CHECK(refused.at("/retryable") == "false");
    CHECK(refused.at("/errors/0/pointer") == "/type");
    CHECK(refused.at("/refusals/0/rule") == "policies/TokensIssued@1");
    CHECK(taken.status == 201);
    CHECK(other.status == 201);
    const auto events = world.get("/v1/streams/sealstream-policy/TokensIssued/events");
    CHECK(events.at("/events/0/type") == "EventEmissionPolicyUpdated");
    CHECK(events.at("/events/0/source") == "governance");
    CHECK(events.at("/events/0/data/before") == "null");
    CHECK(events.at("/events/0/data/after/sources/0") == "registry-*");
    CHECK(world.get("/v1/events?limit=1000").at("/events/4") == ""); // four events, none refused
}

TEST_CASE("each way to append asks the same rules", "[http][policy]")
{
    PolicyWorld world;
    REQUIRE(world.put(issued, registry_only).status == 201);
    const std::string good = R"({"stream":"account/1","type":"Other"})";
    const std::string bad = R"({"stream":"account/2","type":"TokensIssued"})";

    const auto array = world.append(R"([{"type":"Other"},{"type":"TokensIssued"}])", "teg");
    const auto atomic = world.post("/v1/events?atomic=true", "[" + good + "," + bad + "]");
    const auto mixed = world.post("/v1/events", "[" + good + "," + bad + "]");
    const auto lines = world.post_lines("/v1/events", bad + "\n" + good + "\n");

    CHECK(array.status == 403);
    CHECK(array.at("/errors/0/pointer") == "/1/type");
    CHECK(atomic.status == 403);
    CHECK(atomic.at("/refusals/0/pointer") == "/1/type");
    CHECK(mixed.status == 207);
    CHECK(mixed.at("/results/0/status") == "201");
    CHECK(mixed.at("/results/1/status") == "403");
    CHECK(mixed.at("/results/1/code") == "emission_refused");
    CHECK(lines.body.find("\"line\":\"1\",\"status\":403,\"code\":\"emission_refused\"") !=
          std::string::npos);
    CHECK(lines.body.find("\"appended\":\"1\"") != std::string::npos);
    CHECK(world.rejections.events.size() == 4);
}

TEST_CASE("nobody appends to the ledger's own streams", "[http][policy]")
{
    PolicyWorld world;
    for (const std::string stream : {"sealstream-policy/TokensIssued", "sealstream-anything/1"}) {
        const auto direct = world.post("/v1/streams/" + stream + "/events", R"({"type":"A"})");
        const auto mixed =
            world.post("/v1/events?atomic=true", R"({"type":"A","stream":")" + stream + "\"}");
        CHECK(direct.status == 403);
        CHECK(direct.at("/code") == "forbidden");
        CHECK(mixed.status == 403);
        CHECK(mixed.at("/code") == "forbidden");
    }
    CHECK(world.rejections.events.size() == 4);
    CHECK(world.get("/v1/events").at("/events/0").empty());
}

TEST_CASE("an edit keeps its condition", "[http][policy]")
{
    PolicyWorld world;
    CHECK(world.put(issued, registry_only, {{"If-Match", "\"1\""}}).status == 412);
    CHECK(world.put(issued, registry_only, {{"If-None-Match", "*"}}).status == 201);
    CHECK(world.put(issued, registry_only, {{"If-None-Match", "*"}}).status == 412);
    CHECK(world.put(issued, R"({"sources":[]})", {{"If-Match", "\"2\""}}).status == 412);

    const auto changed = world.put(issued, R"({"sources":[]})", {{"If-Match", "\"1\""}});
    const auto same = world.put(issued, R"({"sources":[]})");

    CHECK(changed.status == 200);
    CHECK(changed.header("ETag") == "\"2\"");
    CHECK(same.status == 200);
    CHECK(same.header("ETag") == "\"2\""); // nothing to change, nothing appended
    CHECK(world.get("/v1/events").at("/events/2").empty());
}

TEST_CASE("a policy that is removed is gone, and may come back", "[http][policy]")
{
    PolicyWorld world;
    CHECK(world.remove(issued).status == 404);
    REQUIRE(world.put(issued, R"({"sources":[]})").status == 201);
    CHECK(world.append(R"({"type":"TokensIssued"})", "registry-a").status == 403);

    const auto removed = world.remove(issued);

    CHECK(removed.status == 204);
    CHECK(removed.header("ETag") == "\"2\"");
    CHECK(world.get(issued).status == 404);
    CHECK(world.append(R"({"type":"TokensIssued"})", "registry-a").status == 201);
    CHECK(world.put(issued, registry_only, {{"If-None-Match", "*"}}).status == 201);
    CHECK(world.get(issued).header("ETag") == "\"3\"");
}

TEST_CASE("the table with a column for each class is the same policies", "[http][policy]")
{
    PolicyWorld world;
    const auto put = world.put(
        issued_row,
        R"({"emit_from_teg":false,"emit_from_registry":true,"skip_in_projection":false})");
    CHECK(put.status == 201);
    CHECK(put.body == "{\"event_type\":\"TokensIssued\",\"emit_from_registry\":true,"
                      "\"emit_from_teg\":false,\"skip_in_projection\":false}\n");
    CHECK(world.append(R"({"type":"TokensIssued"})", "teg-layer-a").status == 403);
    CHECK(world.append(R"({"type":"TokensIssued"})", "registry-a").status == 201);

    const auto flipped = world.put(issued_row, R"({"skip_in_projection":true})");

    CHECK(flipped.at("/emit_from_registry") == "true"); // what is left out stays
    CHECK(flipped.at("/skip_in_projection") == "true");
    CHECK(world.get(issued).at("/sources/0") == "registry*");
    CHECK(world.get("/api/v1/admin/event-emission-policies").at("/policies/0/event_type") ==
          "TokensIssued");
    CHECK(world.put(issued_row, R"({"emit_from_nobody":true})").status == 400);
    CHECK(world.put(issued_row, R"({"emit_from_teg":1})").at("/errors/0/pointer") ==
          "/emit_from_teg");
    CHECK(world.put(issued_row, "{}").status == 400);
}

TEST_CASE("the first row of a type names every class, so that none is closed out by accident",
          "[http][policy]")
{
    PolicyWorld world;
    const std::string row =
        GENERATE(as<std::string>{}, R"({"skip_in_projection":true})", R"({"emit_from_teg":true})");

    const auto got = world.put(issued_row, row);

    CHECK(got.status == 400);
    CHECK(got.at("/errors/0/pointer").starts_with("/emit_from_"));
    CHECK(world.append(R"({"type":"TokensIssued"})", "teg-layer-a").status == 201);
    CHECK(world.append(R"({"type":"TokensIssued"})", "registry-a").status == 201);
}

TEST_CASE("types without a policy are as the settings say", "[http][policy]")
{
    PolicyWorld world;
    world.services.policy.unknown_types = UnknownTypes::refuse;

    const auto refused = world.append(R"({"type":"Anything"})", "registry-a");
    const auto put = world.put(issued, registry_only); // the ledger's own events need no policy

    CHECK(refused.status == 403);
    CHECK(refused.at("/refusals/0/rule") == "policy.unknown_types");
    CHECK(put.status == 201);
    CHECK(world.append(R"({"type":"TokensIssued"})", "registry-a").status == 201);
}

TEST_CASE("what is refused is in the forensic log, and its data is cut", "[http][policy]")
{
    PolicyWorld world;
    world.services.policy.rejection_data_bytes_max = 6;
    REQUIRE(world.put(issued, registry_only).status == 201);
    REQUIRE(world.append(R"({"type":"TokensIssued","actor":"eve","data":"äöüß"})", "teg").status ==
            403);

    const auto list = world.get("/v1/rejections?type=TokensIssued&source=teg");

    CHECK(list.at("/rejections/0/code") == "emission_refused");
    CHECK(list.at("/rejections/0/rule") == "policies/TokensIssued@1");
    CHECK(list.at("/rejections/0/event/actor") == "eve");
    CHECK(list.at("/rejections/0/event/stream") == "account/1");
    CHECK(list.at("/rejections/0/event/data_bytes") == "10");
    CHECK(list.at("/rejections/0/event/data_text") == "\"äö"); // no half characters
    CHECK(list.at("/rejections/0/event/data_sha256").size() == 64);
    CHECK(world.get("/v1/rejections?type=Other").at("/rejections/0").empty());
    CHECK(world.get("/v1/rejections?kind=Other").status == 400);
    CHECK(world.get("/v1/rejections?from=yesterday").status == 400);
}

TEST_CASE("a refusal that can not be recorded is not made", "[http][policy]")
{
    CapturedLog captured;
    PolicyWorld world;
    REQUIRE(world.put(issued, registry_only).status == 201);
    world.rejections.failure = Error{Errc::unavailable, "down"};

    const auto answer = world.append(R"({"type":"TokensIssued"})", "teg");

    CHECK(answer.status == 503);
    CHECK(answer.at("/retryable") == "true");
    CHECK(world.get("/v1/rejections").status == 503);
    CHECK(captured.unexpected_errors().empty());
}

TEST_CASE("rules that are not known let nothing through", "[http][policy]")
{
    CapturedLog captured;
    captured.expect("rulebook.not_understood");
    PolicyWorld world;
    Draft draft;
    draft.id = world.ids.next();
    draft.type = "EventEmissionPolicyRewritten";
    draft.source = "newer";
    std::vector<StreamAppend> batch{{{std::string{policy_stream_type}, "A"}, {}, {draft}}};
    REQUIRE(run_task(world.context, world.log.append(std::move(batch))).has_value());
    const auto waited =
        run_task(world.context, world.rules.applied(Position{1}, milliseconds{500}));
    REQUIRE(!waited);

    CHECK(world.append(R"({"type":"Anything"})", "teg").status == 501);
    CHECK(world.get("/v1/policies").status == 501);
    CHECK(world.put(issued, registry_only).status == 501);
}

TEST_CASE("a policy is refused with the place that is wrong", "[http][policy]")
{
    PolicyWorld world;
    struct Row {
        const char* target;
        const char* body;
        int status;
        const char* pointer;
    };
    const std::array rows{
        Row{"/v1/policies/TokensIssued", R"({"sources":[""]})", 400, "/sources/0"},
        Row{"/v1/policies/TokensIssued", R"({"sources":[],"quota":1})", 400, "/quota"},
        Row{"/v1/policies/TokensIssued", "{", 400, ""},
        Row{"/v1/policies/not%20a%20type", R"({"sources":[]})", 400, ""},
    };
    for (const Row& row : rows) {
        INFO(row.target << " " << row.body);
        const auto got = world.put(row.target, row.body);
        CHECK(got.status == row.status);
        CHECK(got.at("/errors/0/pointer") == row.pointer);
    }
    CHECK(world.send({http::Verb::put, issued, {}, registry_only}).status == 415);
    world.services.policy.types_max = 1;
    CHECK(world.put(issued, registry_only).status == 201);
    CHECK(world.put("/v1/policies/Another", registry_only).status == 409);
}

TEST_CASE("explain names the rule that would decide", "[http][policy]")
{
    PolicyWorld world;
    REQUIRE(world.put(issued, R"({"sources":["registry-*"],"stream_types":["account"]})").status ==
            201);
    const std::string target = "/v1/policies/explain";

    const auto allowed =
        world.post(target, R"({"type":"TokensIssued","source":"registry-a","stream":"account/1"})");
    const auto source = world.post(target, R"({"type":"TokensIssued","source":"teg"})");
    const auto place =
        world.post(target, R"({"type":"TokensIssued","source":"registry-a","stream":"deal/1"})");
    const auto unknown = world.post(target, R"({"type":"Other"})");

    CHECK(allowed.at("/is_allowed") == "true");
    CHECK(allowed.at("/rule") == "policies/TokensIssued@1");
    CHECK(source.at("/is_allowed") == "false");
    CHECK(source.at("/policy/sources/0") == "registry-*");
    CHECK(place.at("/is_allowed") == "false");
    CHECK(unknown.at("/is_allowed") == "true");
    CHECK(unknown.at("/source") == "local"); // the caller
    CHECK(unknown.at("/policy") == "null");
    CHECK(world.post(target, R"({"source":"a"})").at("/errors/0/pointer") == "/type");
    CHECK(world.post(target, R"({"type":"A","stream":"x"})").at("/errors/0/pointer") == "/stream");
}

TEST_CASE("a dry run says what the log would have met, and changes nothing", "[http][policy]")
{
    PolicyWorld world;
    REQUIRE(world.put("/v1/policies/TokensStaked", registry_only).status == 201);
    for (int at = 0; at < 30; ++at) {
        const std::string source = at % 3 == 0 ? "teg-a" : "registry-a";
        REQUIRE(world.append(R"([{"type":"TokensIssued"},{"type":"Other"}])", source).status ==
                201);
    }
    const std::string target = "/v1/policies/dry-run";
    const std::string body = R"({"policies":{"TokensIssued":{"sources":["registry-*"]}})";

    const auto all = world.post(target, body + "}");
    const auto last = world.post(target, body + R"(,"events":6})");
    const auto lines = world.post(target, body + "}", {{"Accept", "application/x-ndjson"}});

    CHECK(all.at("/events") == "60"); // the edit itself does not count
    CHECK(all.at("/is_complete") == "true");
    CHECK(all.at("/newly_refused") == "10");
    CHECK(all.at("/by_type/TokensIssued/refused") == "10");
    CHECK(all.at("/by_source/teg-a/newly_refused") == "10");
    CHECK(all.at("/examples/0/position") == "2");
    CHECK(last.at("/events") == "6");
    CHECK(last.at("/newly_refused") == "1");
    CHECK(lines.body.find("{\"result\":{\"from\":\"1\"") != std::string::npos);
    CHECK(world.get(issued).status == 404);
    CHECK(world.post(target, R"({"policies":{}})").status == 400);
    CHECK(world.post(target, R"({"policies":{"A":{"sources":7}}})").at("/errors/0/pointer") ==
          "/policies/A/sources");
    CHECK(world.post(target, body + R"(,"events":1000001})").at("/errors/0/pointer") == "/events");
    const auto relaxed = world.post(target, R"({"policies":{"TokensStaked":null}})");
    CHECK(relaxed.at("/newly_refused") == "0");
}
