// Registering schemas and redactions, and what they do to every way to append.

#include "core/event/canonical_json.hpp"
#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using sealstream::testing::Got;
using sealstream::testing::HttpWorld;
using sealstream::testing::Sent;

namespace {

constexpr auto order_type = "/v1/schemas/v1.order.placed";
constexpr auto order = "/v1/streams/order/1/events";

Got put(HttpWorld& world, std::string target, std::string body,
        std::vector<std::pair<std::string, std::string>> fields = {})
{
    fields.emplace_back("content-type", "application/json");
    return world.send({http::Verb::put, std::move(target), std::move(fields), std::move(body)});
}

void register_order(HttpWorld& world)
{
    REQUIRE(put(world, order_type,
                R"({"schema":{"type":"object","required":["id"],
                    "properties":{"id":{"type":"integer"}}}})")
                .status == 201);
}

} // namespace

TEST_CASE("a schema is registered, read back by version, and kept in the log", "[http][schema]")
{
    HttpWorld world;

    const Got first =
        put(world, order_type, R"({"schema":{"required":["id"]},"compatibility":"full"})");
    const Got same =
        put(world, order_type, R"({"compatibility":"full","schema":{"required":["id"]}})");
    const Got second = put(world, order_type, R"({"schema":{"required":["id"],"title":"Order"}})");

    CHECK(first.status == 201);
    CHECK(first.header("ETag") == "\"1\"");
    CHECK(same.status == 200);
    CHECK(same.header("ETag") == "\"1\"");
    CHECK(second.status == 201);
    CHECK(second.at("/compatibility") == "full"); // as before
    CHECK(world.get(order_type).at("/version") == "2");
    CHECK(world.get(std::string{order_type} + "/versions/1").body == first.body);
    CHECK(world.get(std::string{order_type} + "/versions/3").status == 404);
    CHECK(world.get(std::string{order_type} + "/versions/x").status == 400);
    CHECK(world.get("/v1/schemas").at("/schemas/0/event_type") == "v1.order.placed");
    CHECK(world.get("/v1/schemas/Other").status == 404);
    const Got log = world.get("/v1/streams/sealstream-schema/v1.order.placed/events");
    CHECK(log.at("/events/1/type") == "EventSchemaRegistered");
    CHECK(log.at("/events/1/data/schema/title") == "Order");
}

TEST_CASE("an event that is not as its schema says is refused with all places", "[http][schema]")
{
    HttpWorld world;
    register_order(world);

    const Got one = world.post(order, R"({"type":"v1.order.placed","data":{"id":"x"}})");
    const Got array = world.post(order, R"([{"type":"v1.order.placed","data":{"id":1}},
                                            {"type":"v1.order.placed","data":{}}])");
    const Got lines = world.post_lines(order, "{\"type\":\"v1.order.placed\",\"data\":{}}\n");
    const Got cloud = world.send(
        {http::Verb::post,
         order,
         {{"content-type", "application/cloudevents+json"}},
         R"({"specversion":"1.0","id":"1","source":"/s","type":"v1.order.placed","data":[]})"});
    const Got good = world.post(order, R"({"type":"v1.order.placed","data":{"id":1}})");

    CHECK(one.status == 422);
    CHECK(one.at("/code") == "schema_violation");
    CHECK(one.at("/errors/0/pointer") == "/data/id");
    CHECK(one.at("/errors/0/message") == "must be an integer");
    CHECK(one.at("/errors/0/schema_pointer") == "/properties/id/type");
    CHECK(array.status == 422);
    CHECK(array.at("/errors/0/pointer") == "/1/data/id");
    CHECK(lines.body.find(R"("pointer":"/data/id")") != std::string::npos);
    CHECK(lines.body.find(R"("status":422)") != std::string::npos);
    CHECK(cloud.status == 422);
    CHECK(good.status == 201);
    CHECK(good.at("/events/0/version") == "1");
}

TEST_CASE("a schema that may not follow is refused with each break", "[http][schema]")
{
    HttpWorld world;
    register_order(world);

    const Got narrowed = put(world, order_type,
                             R"({"schema":{"type":"object","required":["id","by"],
                                 "properties":{"id":{"type":"string"}}}})");
    const Got forced = put(world, order_type,
                           R"({"schema":{"type":"object","required":["id","by"]},
                               "compatibility":"none"})");

    CHECK(narrowed.status == 409);
    CHECK(narrowed.at("/code") == "schema_incompatible");
    CHECK(narrowed.at("/errors/0/pointer") == "/required");
    CHECK(narrowed.at("/errors/1/pointer") == "/properties/id/type");
    CHECK(forced.status == 201);
}

TEST_CASE("registrations are conditional where they want to be", "[http][schema]")
{
    HttpWorld world;
    register_order(world);

    CHECK(put(world, order_type, R"({"schema":true})", {{"if-match", "\"2\""}}).status == 412);
    CHECK(put(world, order_type, R"({"schema":true})", {{"if-none-match", "*"}}).status == 412);
    CHECK(put(world, order_type, R"({"schema":{"type":"object","required":["id"]}})",
              {{"if-match", "\"1\""}})
              .status == 201);
}

TEST_CASE("what is no registration is refused at its place", "[http][schema]")
{
    HttpWorld world;
    struct Row {
        const char* target;
        const char* body;
        const char* pointer;
    };
    const auto row =
        GENERATE(Row{order_type, "[]", ""}, Row{order_type, "{}", "/schema"},
                 Row{order_type, R"({"schema":{"typ":1}})", "/schema/typ"},
                 Row{order_type, R"({"schema":{},"compatibility":"some"})", ""},
                 Row{order_type, R"({"schema":{},"more":1})", "/more"},
                 Row{order_type, R"({"schema":{},"redact":["/actor"]})", "/redact/0"},
                 Row{"/v1/schemas/1x", R"({"schema":{}})", ""},
                 Row{"/v1/redactions/T", R"({"schema":{}})", "/redact"},
                 Row{"/v1/redactions/T", R"({"redact":[{"pointer":"/data","mode":"x"}]})",
                     "/redact/0/mode"});
    CAPTURE(row.target, row.body);

    const Got refused = put(world, row.target, row.body);

    CHECK(refused.status == 400);
    CHECK(refused.at("/errors/0/pointer") == row.pointer);
}

TEST_CASE("a bare schema is registered by its media type", "[http][schema]")
{
    HttpWorld world;

    const Got created = world.send({http::Verb::put,
                                    std::string{order_type} + "?compatibility=none",
                                    {{"content-type", "application/schema+json"}},
                                    R"({"type":"object"})"});

    CHECK(created.status == 201);
    CHECK(created.at("/compatibility") == "none");
}

TEST_CASE("types without a schema can be refused", "[http][schema]")
{
    HttpWorld world;
    register_order(world);
    world.services.policy.unknown_schemas = UnknownTypes::refuse;

    const Got refused = world.post(order, R"({"type":"Other"})");
    const Got known = world.post(order, R"({"type":"v1.order.placed","data":{"id":1}})");

    CHECK(refused.status == 422);
    CHECK(refused.at("/errors/0/pointer") == "/type");
    CHECK(known.status == 201);
}

TEST_CASE("secrets are taken out before the schema looks, on every way in", "[http][secrets]")
{
    HttpWorld world;
    REQUIRE(put(world, "/v1/schemas/SecretSet",
                R"({"schema":{"properties":{"password":false}},
                    "redact":["/data/password",{"pointer":"/data/pin","mode":"mask"}]})")
                .status == 201);
    const std::string event = R"({"type":"SecretSet","data":{"password":"canary","pin":"canary"}})";
    const std::string mixed =
        R"({"stream":"vault/1","type":"SecretSet","data":{"password":"canary","pin":"canary"}})";
    constexpr auto vault = "/v1/streams/vault/1/events";

    CHECK(world.post(vault, event).status == 201);
    CHECK(world.post(vault, "[" + event + "]").status == 201);
    CHECK(world.post("/v1/events", "[" + mixed + "]").status == 201);
    CHECK(world.post("/v1/events?atomic=true", "[" + mixed + "]").status == 201);
    CHECK(world.post_lines(vault, event + "\n").status == 200);
    CHECK(world
              .send({http::Verb::post,
                     vault,
                     {{"content-type", "text/plain"},
                      {"ce-specversion", "1.0"},
                      {"ce-id", "1"},
                      {"ce-source", "/s"},
                      {"ce-type", "SecretSet"}},
                     "canary"})
              .status == 201);

    const Got page = world.get(vault);
    CHECK(page.at("/events/5/position") == "8");
    CHECK(page.body.find("canary") == std::string::npos);
    CHECK(page.body.find("Y2FuYXJ5") == std::string::npos); // in Base64
    CHECK(page.at("/events/0/data/pin") == "***");
}

TEST_CASE("a repeat of an event with a digest in it is the same event", "[http][secrets]")
{
    HttpWorld world;
    REQUIRE(put(world, "/v1/redactions/SecretSet",
                R"({"redact":[{"pointer":"/data/p","mode":"digest"}]})")
                .status == 201);
    const auto send = [&world](const char* body) {
        return world.post("/v1/streams/vault/1/events", body, {{"idempotency-key", "k"}});
    };

    CHECK(send(R"({"type":"SecretSet","data":{"p":"x"}})").status == 201);
    CHECK(send(R"({"type":"SecretSet","data":{"p":"x"}})").header("Idempotency-Replayed") ==
          "true");
    CHECK(send(R"({"type":"SecretSet","data":{"p":"y"}})").status == 422);
}
