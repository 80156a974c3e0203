// Who may do what over HTTP: one table of callers and requests, and what a limited reader sees.

#include "tests/node/http/http_world.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

std::unique_ptr<security::Gate> gate_with(std::vector<std::string> rules, bool forces_actor = false)
{
    security::AccessOptions options;
    options.rules = std::move(rules);
    options.forces_actor = forces_actor;
    return *security::Gate::make(std::move(options));
}

// A world whose requests come from a service with a certificate, from another machine.
struct GuardedWorld {
    explicit GuardedWorld(std::vector<std::string> rules, bool forces_actor = false)
        : gate{gate_with(std::move(rules), forces_actor)}
    {
        world.services.gate = gate.get();
    }

    Got send(const std::string& source, http::Verb verb, std::string target, std::string body = {},
             std::string type = "application/json")
    {
        Sent sent{verb, std::move(target), {{"Content-Type", std::move(type)}}, std::move(body)};
        sent.is_local = false;
        if (!source.empty()) {
            sent.certificate = gate->admit(
                {security::Means::certificate, source, "spiffe://example.org/" + source, "", {}});
        }
        return world.send(std::move(sent));
    }

    std::unique_ptr<security::Gate> gate;
    HttpWorld world;
};

constexpr auto get = http::Verb::get;
constexpr auto post_head = http::Verb::post;
const std::string opened_event = R"({"type":"Opened","data":{}})";

} // namespace

TEST_CASE("nobody reaches anything from elsewhere without credentials", "[http][access]")
{
    GuardedWorld guarded{{"source=a roles=reader|writer|admin|auditor"}};

    for (const auto& route : http::routes()) {
        std::string target{route.pattern};
        for (const auto* parameter : {"{type}", "{id}", "{name}"}) {
            if (const auto at = target.find(parameter); at != std::string::npos) {
                target.replace(at, std::string_view{parameter}.size(), "deal");
            }
        }
        Sent sent{route.verb, target, {}, "{}"};
        sent.is_local = false;
        sent.surface = route.surface;
        const auto got = guarded.world.send(std::move(sent));
        CAPTURE(target);
        if (route.access == http::Access::anyone) {
            CHECK(got.status != 401);
        } else {
            CHECK(got.status == 401);
            CHECK(got.at("/code") == "unauthenticated");
            CHECK(got.header("WWW-Authenticate") == "Bearer realm=\"sealstream\"");
        }
    }
}

TEST_CASE("a role holds for its stream types and no others", "[http][access]")
{
    GuardedWorld guarded{{"source=deals roles=writer streams=deal",
                          "source=deals roles=reader streams=deal|agent",
                          "source=reports roles=reader"}};
    struct Row {
        const char* source;
        http::Verb verb;
        const char* target;
        int status;
    };
    const auto row =
        GENERATE(Row{"deals", post_head, "/v1/streams/deal/1/events", 201},
                 Row{"deals", post_head, "/v1/streams/agent/1/events", 403},
                 Row{"reports", post_head, "/v1/streams/deal/1/events", 403},
                 Row{"stranger", post_head, "/v1/streams/deal/1/events", 403},
                 Row{"deals", get, "/v1/streams/deal/0/events", 200},
                 Row{"deals", get, "/v1/streams/%64eal/0/events", 200},
                 Row{"deals", get, "/v1/streams/treasury/1/events", 403},
                 Row{"deals", get, "/v1/events", 403}, Row{"deals", get, "/v1/feed", 403},
                 Row{"deals", get, "/v1/events?stream_type=deal", 200},
                 Row{"deals", get, "/v1/events?stream=deal/1", 200},
                 Row{"deals", get, "/v1/events?stream_type=treasury", 403},
                 Row{"deals", get, "/v1/events?type=Opened", 403},
                 Row{"reports", get, "/v1/events", 200}, Row{"stranger", get, "/v1/events", 403},
                 Row{"deals", get, "/v1/events/018f0000-0000-7000-8000-000000000000/proof", 403});
    CAPTURE(row.source, row.target);
    REQUIRE(guarded.world.post("/v1/streams/deal/0/events", opened_event).status == 201);

    const auto got = guarded.send(row.source, row.verb, row.target, opened_event);

    CHECK(got.status == row.status);
    if (row.status == 403) {
        CHECK(got.at("/code") == "forbidden");
    }
}

TEST_CASE("a bulk append is refused event by event", "[http][access]")
{
    GuardedWorld guarded{{"source=deals roles=writer streams=deal"}};
    const std::string deal = R"({"stream":"deal/1","type":"Opened","data":{}})";
    const std::string agent = R"({"stream":"agent/1","type":"Opened","data":{}})";

    const auto mixed =
        guarded.send("deals", post_head, "/v1/events", "[" + deal + "," + agent + "]");
    const auto atomic =
        guarded.send("deals", post_head, "/v1/events?atomic=true", "[" + deal + "," + agent + "]");
    const auto lines = guarded.send("deals", post_head, "/v1/events", deal + "\n" + agent + "\n",
                                    "application/x-ndjson");

    CHECK(mixed.status == 207);
    CHECK(mixed.at("/results/0/status") == "201");
    CHECK(mixed.at("/results/1/status") == "403");
    CHECK(atomic.status == 403);
    CHECK_THAT(lines.body, Catch::Contains("\"status\":201"));
    CHECK_THAT(lines.body, Catch::Contains("\"status\":403"));
}

TEST_CASE("an event of a stream that one may not read does not exist", "[http][access]")
{
    GuardedWorld guarded{{"source=deals roles=reader streams=deal"}};
    const auto hidden = guarded.world.post("/v1/streams/agent/1/events", opened_event);
    const auto shown = guarded.world.post("/v1/streams/deal/1/events", opened_event);

    CHECK(guarded.send("deals", get, "/v1/events/" + hidden.at("/events/0/id")).status == 404);
    CHECK(guarded.send("deals", get, "/v1/events/" + shown.at("/events/0/id")).status == 200);
}

TEST_CASE("a writer who may not read is not shown the events it has missed", "[http][access]")
{
    GuardedWorld guarded{{"source=blind roles=writer", "source=seeing roles=writer|reader"}};
    REQUIRE(guarded.world.post("/v1/streams/deal/1/events", opened_event).status == 201);
    const auto conflict = [&](const char* source) {
        Sent sent{post_head,
                  "/v1/streams/deal/1/events",
                  {{"Content-Type", "application/json"}, {"If-None-Match", "*"}},
                  opened_event};
        sent.is_local = false;
        sent.certificate = guarded.gate->admit({security::Means::certificate, source, "", "", {}});
        return guarded.world.send(std::move(sent));
    };

    const auto blind = conflict("blind");
    CHECK(blind.status == 412);
    CHECK(blind.at("/conflicting_events").empty());
    CHECK_FALSE(conflict("seeing").at("/conflicting_events").empty());
}

TEST_CASE("the source is what the certificate says, and nothing else", "[http][access]")
{
    GuardedWorld guarded{{"source=deals roles=writer|reader"}, true};
    REQUIRE(guarded
                .send("deals", post_head, "/v1/streams/deal/1/events",
                      R"({"type":"Opened","actor":"somebody","data":{}})")
                .status == 201);
    const auto page = guarded.world.get("/v1/events");
    CHECK(page.at("/events/0/source") == "deals");
    CHECK(page.at("/events/0/actor") == "spiffe://example.org/deals");

    Sent sent{post_head,
              "/v1/streams/deal/1/events",
              {{"Content-Type", "application/json"}, {"Sealstream-Source", "other"}},
              opened_event};
    sent.is_local = true; // being near does not help who has credentials
    sent.certificate = guarded.gate->admit({security::Means::certificate, "deals", "", "", {}});
    CHECK(guarded.world.send(std::move(sent)).status == 403);
}

TEST_CASE("a proxy on this machine is not this machine's user", "[http][access]")
{
    HttpWorld world;
    for (const auto* name : {"X-Forwarded-For", "Forwarded", "X-Real-IP"}) {
        CAPTURE(name);
        CHECK(world.get("/v1/events", {{name, "192.0.2.1"}}).status == 401);
    }
    CHECK(world.get("/v1/events").status == 200);
}

TEST_CASE("a page in a browser on this machine is not this machine's user", "[http][access]")
{
    HttpWorld world;
    using Fields = std::vector<std::pair<std::string, std::string>>;
    const auto post_with = [&world](Fields fields) {
        return world.post("/v1/streams/deal/1/events", opened_event, std::move(fields)).status;
    };
    const auto get_with = [&world](Fields fields) {
        return world.get("/v1/events", std::move(fields)).status;
    };

    for (const auto* host : {"localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "node1",
                             "a.localhost", "A.LOCALHOST.:80"}) {
        CAPTURE(host);
        CHECK(get_with({{"Host", host}}) == 200);
        CHECK(post_with({{"Host", host}, {"Origin", "http://" + std::string{host}}}) == 201);
        CHECK(post_with({{"Host", host}, {"Origin", "https://evil.example"}}) == 401);
        CHECK(post_with({{"Host", host}, {"Origin", "null"}}) == 401);
    }
    // A name that was made to lead here: the page and the request are of one origin.
    for (const auto* host : {"evil.example", "evil.example:8080", "127.0.0.1.evil.example",
                             "localhost.evil.example.", "xlocalhost.example", "1.2.3"}) {
        CAPTURE(host);
        CHECK(get_with({{"Host", host}}) == 401);
        CHECK(post_with({{"Host", host}, {"Origin", "http://" + std::string{host}}}) == 401);
    }
}

TEST_CASE("loopback is trusted only while the settings say so", "[http][access]")
{
    security::AccessOptions options;
    options.trusts_loopback = false;
    const auto gate = *security::Gate::make(std::move(options));
    HttpWorld world;
    world.services.gate = gate.get();

    CHECK(world.get("/v1/events").status == 401);
    CHECK(world.get("/v1/health").status == 200);
}

TEST_CASE("a bad token is 401 with a reason, and is nowhere to be read", "[http][access]")
{
    security::AccessOptions options;
    options.rules = {"signed-in roles=reader"};
    const auto gate = *security::Gate::make(std::move(options));
    HttpWorld world;
    world.services.gate = gate.get();
    testing::CapturedLog captured;
    set_log_level(Level::debug); // every request
    const std::string canary = "eyJhbGciOiJub25lIn0.Y2FuYXJ5.c2VjcmV0";

    for (const auto* scheme : {"Bearer ", "Basic ", "", "bearer  "}) {
        const auto got = world.get("/v1/events", {{"Authorization", scheme + canary}});
        CHECK(got.status == 401);
        CHECK(got.header("WWW-Authenticate") ==
              "Bearer realm=\"sealstream\", error=\"invalid_token\"");
        CHECK(got.body.find("Y2FuYXJ5") == std::string::npos);
    }
    set_log_level(Level::info);
    CHECK(captured.count("http.request") == 4);
    CHECK_FALSE(captured.has_text("Y2FuYXJ5"));
}
