// Which routes packs may claim, and what becomes of them.

#include "core/event/canonical_json.hpp"
#include "node/http/packs/guard_verdict.hpp"
#include "node/http/packs/served_packs.hpp"
#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

PackQuery query(std::string name, std::string route, PackMethod method = PackMethod::get)
{
    PackQuery made;
    made.name = std::move(name);
    made.route = std::move(route);
    made.method = method;
    return made;
}

http::PackToServe pack(std::string name, std::string prefix, std::vector<PackQuery> queries)
{
    Pack made;
    made.name = std::move(name);
    made.queries = std::move(queries);
    return {{std::make_shared<const Pack>(std::move(made)), std::move(prefix)}};
}

Result<std::shared_ptr<const http::ServedPacks>> serve(HttpWorld& world,
                                                       const std::vector<http::PackToServe>& packs)
{
    return http::ServedPacks::make(packs, world.metrics);
}

} // namespace

TEST_CASE("two claims to one route are refused, naming both", "[packs][routes]")
{
    HttpWorld world;
    struct Row {
        std::vector<http::PackToServe> packs;
        const char* one;
        const char* other;
    };
    const std::vector<Row> rows{
        {{pack("a", "", {query("x", "/things/{id}")}),
          pack("b", "", {query("y", "/things/{name}")})},
         "a.x",
         "b.y"},
        {{pack("a", "", {query("x", "/things/{id}")}), pack("b", "/things", {query("y", "/all")})},
         "a.x",
         "b.y"},
        {{pack("a", "/packs/a", {query("x", "/t/{id}"), query("y", "/t/{other}")})}, "a.x", "a.y"},
        {{pack("a", "", {query("x", "/v1/events")})}, "a.x", "read_events"},
        {{pack("a", "", {query("x", "/v1/events/special")})}, "a.x", "get_event"},
        {{pack("a", "", {query("x", "/{any}")})}, "a.x", "get_checkpoint"},
    };
    for (const Row& row : rows) {
        const auto served = serve(world, row.packs);
        REQUIRE(!served);
        INFO(served.error().context);
        CHECK(served.error().code == Errc::malformed);
        CHECK(served.error().context.find(row.one) != std::string::npos);
        CHECK(served.error().context.find(row.other) != std::string::npos);
    }
}

TEST_CASE("paths that differ, and verbs that differ, are no claim to one route", "[packs][routes]")
{
    HttpWorld world;
    const auto served = serve(
        world, {pack("a", "",
                     {query("one", "/things/{id}"), query("all", "/things/all"),
                      query("verify", "/verify", PackMethod::post), query("tail", "/events")}),
                pack("b", "/packs/b", {query("one", "/things/{id}")})});
    REQUIRE(served);

    http::PathParameters parameters;
    std::string allowed;
    const auto* all = (*served)->find(http::Verb::get, "/things/all", parameters, allowed);
    REQUIRE(all != nullptr);
    CHECK(all->name == "a.all");
    const auto* one = (*served)->find(http::Verb::get, "/packs/b/things/7", parameters, allowed);
    REQUIRE(one != nullptr);
    CHECK(one->name == "b.one");
    CHECK(parameters.all[0].value == "7");
    CHECK((*served)->find(http::Verb::get, "/verify", parameters, allowed) == nullptr);
    CHECK(allowed == "POST");
}

TEST_CASE("a pack's routes are refused, counted and found like the node's own", "[packs][routes]")
{
    HttpWorld world;
    auto served =
        serve(world, {pack("a", "", {query("tail", "/events"), query("one", "/things/{id}")})});
    REQUIRE(served);
    world.services.packs = *std::move(served);

    CHECK(world.get("/things/7").status == 503); // no Postgres here
    CHECK(world.get("/events").status == 503);   // the pack's, instead of the node's own
    const auto wrong = world.post("/things/7", "{}");
    CHECK(wrong.status == 405);
    CHECK(wrong.header("Allow") == "GET, HEAD");
    Sent far;
    far.target = "/things/7";
    far.is_local = false;
    CHECK(world.send(far).status == 401);
    const auto document = world.get("/.well-known/openapi.json");
    CHECK(document.at("/paths/~1things~1{id}/get/operationId") == "a.one");
    CHECK(document.at("/paths/~1events/get/operationId") == "a.tail");
    CHECK(document.at("/paths/~1v1~1events~1{id}/get/operationId") == "get_event");
    const auto yaml = world.get("/.well-known/openapi", {{"Accept", "application/yaml"}}).body;
    CHECK(yaml.starts_with("\"openapi\": \"3.1."));
    CHECK(yaml.find("\n  \"/things/{id}\":\n    \"get\":\n      \"operationId\": \"a.one\"\n") !=
          std::string::npos);
    CHECK(yaml == world.get("/.well-known/openapi.yaml").body);
    CHECK(world.metrics.text().find("route=\"a.one\"") != std::string::npos);
}

TEST_CASE("queries are also made of events of the ledger", "[packs][source]")
{
    HttpWorld world;
    const auto from = [](std::string name, std::string route, QuerySource source,
                         std::string_view arguments) {
        auto made = query(std::move(name), std::move(route));
        made.source = source;
        made.arguments = *JsonTemplate::parse(*parse_json(arguments));
        PackParameter id;
        id.name = "id";
        id.is_in_path = true;
        PackParameter type;
        type.name = "type";
        PackParameter wait;
        wait.name = "since";
        wait.type = ParameterType::position;
        made.parameters = {type, wait};
        if (made.route.find('{') != std::string::npos) {
            made.parameters.push_back(id);
        }
        return made;
    };
    auto one = from("one", "/one/{id}", QuerySource::event, R"({"id":"{path.id}"})");
    one.shape = ResponseShape::object;
    auto served =
        serve(world, {pack("a", "",
                           {one,
                            from("thing", "/things/{id}", QuerySource::stream_events,
                                 R"({"stream":"thing/{path.id}","after":"{query.since|0}"})"),
                            from("all", "/events", QuerySource::events,
                                 R"({"after":"{query.since|0}","type":"{query.type|null}"})"),
                            from("verify", "/verify/{id}", QuerySource::verify_stream,
                                 R"({"stream":"thing/{path.id}"})")})});
    REQUIRE(served);
    world.services.packs = *std::move(served);
    for (const auto* type : {"Made", "Used", "Used"}) {
        REQUIRE(world.post("/v1/streams/thing/7/events", std::string{R"({"type":")"} + type + "\"}")
                    .status == 201);
    }

    CHECK(world.get("/things/7").json().as_array().size() == 3);
    CHECK(world.get("/things/7?since=2").at("/0/version") == "3");
    CHECK(world.get("/things/8").body == "[]\n");
    CHECK(world.get("/events?type=Used").json().as_array().size() == 2);
    CHECK(world.get("/events?since=2").at("/0/position") == "3");
    const auto id = world.get("/events").at("/0/id");
    CHECK(world.get("/one/" + id).at("/type") == "Made");
    CHECK(world.get("/one/nobody").status == 404);
    CHECK(world.get("/verify/7").status == 503); // no auditor here
}

namespace {

// Knows a whole ledger of three events, of which the second was changed.
class OneFaultAuditor final : public LedgerAuditor {
public:
    Task<Result<std::string>> checkpoint() override { co_return Error{Errc::not_found, {}}; }
    Task<Result<AuditStatus>> status() override
    {
        co_return AuditStatus{4, Position{3}, {1'700'000'000'000'000'000}, "o"};
    }
    Task<Result<StreamVerdict>> verify_stream(StreamName) override { co_return StreamVerdict{}; }
    Task<Result<LedgerVerdict>> verify_ledger() override
    {
        LedgerVerdict verdict;
        verdict.checked = 3;
        verdict.covered = Position{3};
        verdict.tree_size = 4;
        verdict.faults.push_back({Position{2}, "event_changed", Digest{}, Digest{}});
        verdict.faults_total = 1;
        co_return verdict;
    }
    Task<Result<std::string>> proof(Position) override { co_return Error{Errc::not_found, {}}; }
};

} // namespace

TEST_CASE("a query can be about the whole ledger", "[packs][query]")
{
    HttpWorld world;
    auto status = query("status", "/status");
    status.source = QuerySource::status;
    status.shape = ResponseShape::object;
    auto verify = query("verify", "/verify");
    verify.source = QuerySource::verify_ledger;
    verify.shape = ResponseShape::object;
    auto served = serve(world, {pack("a", "", {status, verify})});
    REQUIRE(served);
    world.services.packs = *std::move(served);

    CHECK(world.get("/verify").status == 503); // no auditor here
    const auto empty = world.get("/status");
    CHECK(empty.json().at("events") == 0);
    CHECK(empty.json().at("first_time").is_null());
    REQUIRE(world.post("/v1/streams/thing/7/events", R"({"type":"Made"})").status == 201);
    OneFaultAuditor auditor;
    world.services.auditor = &auditor;

    const auto shown = world.get("/status");
    CHECK(shown.json().at("events") == 1);
    CHECK(shown.json().at("first_time") == shown.json().at("last_time"));
    CHECK(shown.at("/signed_to") == "3");
    CHECK(shown.at("/signed_at") == "2023-11-14T22:13:20Z");
    const auto verdict = world.get("/verify");
    CHECK(verdict.json().at("valid") == false);
    CHECK(verdict.json().at("events_checked") == 3);
    CHECK(verdict.at("/issues/0/position") == "2");
    CHECK(verdict.json().at("issues").at(0).at("expected").as_string().size() == 64);
    world.services.auditor = nullptr;
}

TEST_CASE("what a guard says becomes the condition of the append", "[packs][guard]")
{
    const auto verdict = [](std::vector<std::string> rows) {
        PackRows all;
        all.rows = std::move(rows);
        return http::read_verdict(all);
    };
    CHECK(verdict({R"({"version":3,"violation":null})"})->version == Version{3});
    CHECK(verdict({R"({"version":3,"violation":null})"})->violations.empty());
    CHECK(verdict({})->violations.size() == 1);
    CHECK(verdict({R"({"version":1,"violation":{"code":"a"}})",
                   R"({"version":1,"violation":{"code":"b"}})"})
              ->violations.size() == 2);
    CHECK(verdict({R"({"violation":"no"})"}).error().code == Errc::internal);
    CHECK(verdict({R"({"version":3})"}).error().code == Errc::internal);
    CHECK(verdict({R"({"version":-1,"violation":null})"}).error().code == Errc::internal);

    using Kind = Expected::Kind;
    CHECK(http::guarded_condition({}, Version{})->kind == Kind::absent);
    CHECK(http::guarded_condition({}, Version{4})->version == Version{4});
    CHECK(http::guarded_condition({Kind::present, {}}, Version{4})->version == Version{4});
    CHECK(http::guarded_condition({Kind::version, Version{4}}, Version{4})->version == Version{4});
    CHECK(http::guarded_condition({Kind::version, Version{3}}, Version{4}).error().code ==
          Errc::conflict);
    CHECK(http::guarded_condition({Kind::present, {}}, Version{}).error().code == Errc::conflict);
    CHECK(http::guarded_condition({Kind::absent, {}}, Version{1}).error().code == Errc::conflict);
}

TEST_CASE(
    "events get the category of their type, and go to no other streams than those of their pack",
    "[packs][append]")
{
    HttpWorld world;
    Pack made;
    made.name = "home";
    PackEventType type{.name = "TaskOpened", .category = "task", .streams = {"task"}};
    made.event_types.push_back(type);
    auto served = serve(world, {{{std::make_shared<const Pack>(std::move(made)), ""}}});
    REQUIRE(served.has_value());
    world.services.packs = *std::move(served);
    const auto append = [&world](const std::string& stream, const std::string& meta) {
        return world.post("/v1/streams/" + stream + "/events",
                          R"({"type":"TaskOpened","data":{})" + meta + "}");
    };

    CHECK(append("task/1", "").status == 201);
    CHECK(append("task/1", R"(,"meta":{"z":1,"a":"\u00e9"})").status == 201);
    CHECK(append("task/1", R"(,"meta":{"category":"own"})").status == 201);
    const auto elsewhere = append("note/1", "");
    CHECK(elsewhere.status == 403);
    CHECK(elsewhere.at("/code") == "emission_refused");
    CHECK(elsewhere.at("/detail").find("streams of these types: task") != std::string::npos);
    const auto mixed = world.post(
        "/v1/events",
        R"([{"stream":"note/1","type":"TaskOpened"},{"stream":"task/2","type":"TaskOpened"},)"
        R"({"stream":"note/1","type":"NoteTaken"}])");
    CHECK(mixed.status == 207);
    CHECK(mixed.at("/results/0/code") == "emission_refused");
    CHECK(mixed.at("/results/1/status") == "201");
    CHECK(mixed.at("/results/2/status") == "201");

    const auto events = world.get("/v1/streams/task/1/events");
    CHECK(events.at("/events/0/meta/category") == "task");
    CHECK(events.at("/events/1/meta/category") == "task");
    CHECK(events.at("/events/1/meta/a") == "\u00e9");
    CHECK(events.at("/events/2/meta/category") == "own");
    CHECK(world.get("/v1/streams/note/1/events").at("/events/0/type") == "NoteTaken");
}
