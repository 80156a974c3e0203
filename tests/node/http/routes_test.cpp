// The route table, what every route has in common, and the endpoints about the node.

#include "tests/node/http/http_world.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/catch.hpp"

#include <set>

using namespace sealstream;
using namespace sealstream::testing;

namespace {

Got admin(HttpWorld& world, http::Verb verb, std::string target,
          std::vector<std::pair<std::string, std::string>> fields = {})
{
    Sent sent{verb, std::move(target), std::move(fields)};
    sent.surface = http::Surface::operators;
    return world.send(std::move(sent));
}

class FixedAuditor final : public LedgerAuditor {
public:
    Task<Result<std::string>> checkpoint() override { co_return std::string{"origin\n1\nroot\n"}; }
    Task<Result<AuditStatus>> status() override { co_return AuditStatus{}; }
    Task<Result<StreamVerdict>> verify_stream(StreamName stream) override
    {
        if (stream.id == "none") {
            co_return Error{Errc::not_found, "no events"};
        }
        StreamVerdict verdict;
        verdict.is_intact = stream.id != "forged";
        verdict.checked = Version{2};
        verdict.covered = Position{9};
        verdict.tree_size = 10;
        verdict.fault = Position{verdict.is_intact ? 0U : 7U};
        verdict.reason = verdict.is_intact ? "" : "the record differs from its leaf";
        co_return verdict;
    }
    Task<Result<std::string>> proof(Position position) override
    {
        co_return "proof of " + std::to_string(position.value) + "\n";
    }
};

} // namespace

TEST_CASE("every route has a name of its own and a place of its own", "[http][routes]")
{
    std::set<std::string_view> names;
    std::set<std::string> places;
    for (const auto& route : http::routes()) {
        CHECK(names.insert(route.name).second);
        CHECK(places.insert(std::string{name(route.verb)} + std::string{route.pattern}).second);
        CHECK(route.pattern.front() == '/');
        CHECK(route.handler != nullptr);
        // Who may read events may say that they are handled: it changes no event.
        const bool is_claim = route.pattern.starts_with("/v1/groups/{group}/claims");
        const bool is_change = route.verb != http::Verb::get && !is_claim;
        CHECK((!is_change || route.access >= http::Access::writer));
    }
}

TEST_CASE("patterns fit whole paths with parameters that are not empty", "[http][routes]")
{
    struct Row {
        const char* path;
        bool fits;
    };
    const auto row = GENERATE(
        Row{"/v1/streams/deal/42/events", true}, Row{"/v1/streams/deal/a%2Fb/events", true},
        Row{"/v1/streams/deal//events", false}, Row{"/v1/streams/deal/42/events/", false},
        Row{"/v1/streams/deal/4/2/events", false}, Row{"/v1/streams/deal/42", false},
        Row{"v1/streams/deal/42/events", false}, Row{"*", false}, Row{"", false});
    CAPTURE(row.path);
    http::PathParameters parameters;

    CHECK(http::matches("/v1/streams/{type}/{id}/events", row.path, parameters) == row.fits);
}

TEST_CASE("an unknown path is 404, a known one with another verb is 405 with Allow",
          "[http][routes]")
{
    HttpWorld world;

    const auto unknown = world.get("/v2/events");
    const auto verb = world.send({http::Verb::delete_, "/v1/events"});
    const auto elsewhere = world.get("/metrics");

    CHECK(unknown.status == 404);
    CHECK(unknown.at("/code") == "not_found");
    CHECK(verb.status == 405);
    CHECK(verb.header("Allow") == "POST, GET, HEAD");
    CHECK(verb.at("/code") == "method_not_allowed");
    CHECK(elsewhere.status == 404);
    CHECK(admin(world, http::Verb::get, "/metrics").status == 200);
    CHECK(admin(world, http::Verb::get, "/v1/events").status == 404);
}

TEST_CASE("a request id is kept when harmless and replaced when not", "[http][routes]")
{
    HttpWorld world;

    CHECK(world.get("/v1/limits", {{"X-Request-Id", "abc-1"}}).header("X-Request-Id") == "abc-1");
    const auto replaced =
        world.get("/v1/limits", {{"X-Request-Id", "a b\""}}).header("X-Request-Id");
    CHECK(replaced.size() == 16);
}

TEST_CASE("readiness follows the checks and the drain", "[http][health]")
{
    HttpWorld world;
    std::string reason;
    world.health.add_check("log", [&reason] { return reason; });

    CHECK(admin(world, http::Verb::get, "/readyz").body == "ok\n");
    CHECK(admin(world, http::Verb::get, "/startupz").status == 200);
    reason = "no quorum";
    const auto verbose = admin(world, http::Verb::get, "/readyz?verbose");
    CHECK(verbose.status == 503);
    CHECK(verbose.body == "[+]started ok\n[+]not-draining ok\n[-]log failed: no quorum\n");
    CHECK(admin(world, http::Verb::get, "/readyz?exclude=log").status == 200);
    CHECK(world.get("/v1/health").status == 503);
    CHECK(world.get("/v1/health").body.find("quorum") == std::string::npos);
    CHECK(admin(world, http::Verb::get, "/livez").status == 200);
    reason.clear();
    world.health.set_draining();
    CHECK(admin(world, http::Verb::get, "/readyz").status == 503);
}

TEST_CASE("the metrics are there from the start and count by route", "[http][metrics]")
{
    HttpWorld world;

    const auto before = admin(world, http::Verb::get, "/metrics");
    static_cast<void>(world.post("/v1/streams/deal/1/events", R"({"type":"A"})"));
    const auto after = admin(world, http::Verb::get, "/metrics");

    CHECK(before.content_type == "text/plain; version=0.0.4; charset=utf-8");
    for (
        const auto* line :
        {R"(sealstream_http_requests_total{method="POST",route="append_to_stream",status="201"} 0)",
         "sealstream_appends_total{result=\"ok\"} 0", "sealstream_append_events_total 0",
         "sealstream_subscribers{transport=\"sse\"} 0",
         "sealstream_http_rejected_total{reason=\"bad_framing\"} 0"}) {
        CAPTURE(line);
        CHECK(before.body.find(line) != std::string::npos);
    }
    CHECK(after.body.find("sealstream_appends_total{result=\"ok\"} 1") != std::string::npos);
    CHECK(
        after.body.find("sealstream_http_requests_total{method=\"POST\",route=\"append_to_stream\","
                        "status=\"201\"} 1") != std::string::npos);
    CHECK(after.body.find("sealstream_http_requests_in_flight 1") != std::string::npos);
}

TEST_CASE("drain is asked for once wired, and never by a page in a browser", "[http][health]")
{
    HttpWorld world;
    int asked = 0;

    {
        CapturedLog captured;
        CHECK(admin(world, http::Verb::post, "/drain").status == 501);
    }
    world.services.request_drain = [&asked] { ++asked; };
    CHECK(admin(world, http::Verb::post, "/drain", {{"Origin", "http://evil.example"}}).status ==
          401); // nobody, though it comes from this machine
    CHECK(asked == 0);
    CHECK(admin(world, http::Verb::post, "/drain").status == 202);
    CHECK(asked == 1);
}

TEST_CASE("the node says what it is and what it allows", "[http][about]")
{
    HttpWorld world;

    const auto discovery = world.get("/.well-known/sealstream");

    CHECK(world.get("/v1/limits").at("/events_max") == "1000");
    CHECK(discovery.at("/limits/page_events_max") == "1000");
    CHECK(discovery.at("/durability/class") == "memory");
    CHECK(discovery.at("/endpoints/0/name") == "append_to_stream");
    CHECK(discovery.body.find("/drain") == std::string::npos);
    CHECK(admin(world, http::Verb::get, "/version").at("/ledger") == "main");
}

TEST_CASE("what the auditor says is passed on, good or bad", "[http][audit]")
{
    HttpWorld world;
    const auto created = world.post("/v1/streams/deal/1/events", R"({"type":"A"})");
    const auto proof = "/v1/events/" + created.at("/events/0/id") + "/proof";
    CHECK(world.get("/checkpoint").status == 503);
    CHECK(world.get("/v1/streams/deal/1/verify").status == 503);
    CHECK(world.get(proof).status == 503);
    FixedAuditor auditor;
    world.services.auditor = &auditor;

    const auto good = world.get("/v1/streams/deal/1/verify");
    const auto bad = world.get("/v1/streams/deal/forged/verify");

    CHECK(world.get("/checkpoint").body == "origin\n1\nroot\n");
    CHECK(good.at("/intact") == "true");
    CHECK(good.at("/covered_position") == "9");
    CHECK(good.at("/fault_position").empty());
    CHECK(bad.status == 200);
    CHECK(bad.at("/intact") == "false");
    CHECK(bad.at("/fault_position") == "7");
    CHECK(world.get("/v1/streams/deal/none/verify").status == 404);
    CHECK(world.get(proof).body == "proof of 1\n");
    CHECK(world.get("/v1/events/00000000-0000-7000-8000-000000000000/proof").status == 404);
}
