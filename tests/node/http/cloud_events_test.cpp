// CloudEvents over HTTP: each mode in, each mode out, and what is refused.

#include "core/cloudevents/structured.hpp"
#include "core/event/canonical_json.hpp"
#include "tests/node/http/http_world.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using sealstream::testing::deal;
using sealstream::testing::Got;
using sealstream::testing::HttpWorld;
using sealstream::testing::Sent;

namespace {

constexpr auto uuid = "0190e5a1-0000-7000-8000-000000000001";

std::string event_json(std::string_view id, std::string_view more = {})
{
    return R"({"specversion":"1.0","id":")" + std::string{id} +
           R"(","source":"/shop","type":"order.placed","subject":"order/1")" + std::string{more} +
           "}";
}

Got post_as(HttpWorld& world, std::string_view type, std::string body,
            std::string target = "/v1/events")
{
    return world.send({http::Verb::post,
                       std::move(target),
                       {{"content-type", std::string{type}}},
                       std::move(body)});
}

Got post_binary(HttpWorld& world, std::vector<std::pair<std::string, std::string>> more,
                std::string body)
{
    std::vector<std::pair<std::string, std::string>> fields{{"ce-specversion", "1.0"},
                                                            {"ce-id", uuid},
                                                            {"ce-source", "/shop"},
                                                            {"ce-type", "order.placed"},
                                                            {"ce-subject", "order/1"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return world.send({http::Verb::post, "/v1/events", fields, std::move(body)});
}

CloudEvent parsed(const std::string& text)
{
    INFO(text);
    auto event = parse_structured(*parse_json(text));
    REQUIRE(event.has_value());
    return *std::move(event);
}

} // namespace

TEST_CASE("a structured event is appended to the stream that it names, and comes out structured",
          "[http][cloudevents]")
{
    HttpWorld world;

    const Got created = post_as(world, "application/cloudevents+json; charset=utf-8",
                                event_json(uuid, R"(,"data":{"b":1,"a":2},"ext":7)"));
    const std::string target = "/v1/events/" + std::string{uuid};
    const Got out = world.get(target, {{"accept", "application/cloudevents+json"}});
    const Got by_query = world.get(target + "?format=cloudevents");
    const Got own = world.get(target);

    CHECK(created.status == 201);
    CHECK(created.at("/events/0/id") == uuid);
    CHECK(out.status == 200);
    CHECK(out.content_type == "application/cloudevents+json");
    CHECK(out.header("ETag") != own.header("ETag"));
    CHECK(out.body == by_query.body);
    const auto event = parsed(out.body);
    CHECK(*event.text("source") == "/shop");
    CHECK(*event.text("stream") == "order/1");
    CHECK(*event.text("sealposition") == "1");
    CHECK(std::get<std::int32_t>(event.attributes.at("ext")) == 7);
    CHECK(event.data == R"({"a":2,"b":1})");
    CHECK(own.at("/stream") == "order/1");
    CHECK(own.at("/source") == "local");
}

TEST_CASE("a binary event keeps bytes that are not JSON, in and out", "[http][cloudevents]")
{
    HttpWorld world;
    const std::string body{"\x00\xff<xml/>", 8};

    const Got created =
        post_binary(world, {{"content-type", "text/xml"}, {"ce-note", "Euro%20%E2%82%AC"}}, body);
    const Got out =
        world.get("/v1/events/" + std::string{uuid} + "?format=cloudevents&mode=binary");
    const Got structured = world.get("/v1/events/" + std::string{uuid} + "?format=cloudevents");

    CHECK(created.status == 201);
    CHECK(out.status == 200);
    CHECK(out.content_type == "text/xml");
    CHECK(out.body == body);
    CHECK(out.header("ce-id") == uuid);
    CHECK(out.header("ce-note") == "Euro%20%E2%82%AC");
    CHECK(out.header("ce-datacontenttype").empty());
    CHECK(parsed(structured.body).form == CloudEvent::Data::base64);
    CHECK(*parsed(structured.body).text("note") == "Euro \xe2\x82\xac");
}

TEST_CASE("a binary event with JSON is JSON in the ledger, whatever its Content-Type is called",
          "[http][cloudevents]")
{
    HttpWorld world;

    const Got created =
        post_binary(world, {{"content-type", "application/json"}}, R"({"b":1,"a":2})");
    const Got own = world.get("/v1/events/" + std::string{uuid});

    CHECK(created.status == 201);
    CHECK(own.at("/data/a") == "2");
}

TEST_CASE("a batch is appended event by event, and pages come out as batches",
          "[http][cloudevents]")
{
    HttpWorld world;

    const Got created = post_as(world, "application/cloudevents-batch+json",
                                "[" + event_json("1") + "," + event_json("2") + "]");
    const Got page =
        world.get("/v1/events?limit=1", {{"accept", "application/cloudevents-batch+json"}});
    const Got rest = world.get("/v1/streams/order/1/events?after=1&format=cloudevents");

    CHECK(created.status == 201);
    CHECK(created.at("/results/1/position") == "2");
    CHECK(page.content_type == "application/cloudevents-batch+json");
    CHECK(page.header("Link").find("after=1") != std::string::npos);
    REQUIRE(page.json().is_array());
    CHECK(page.at("/0/id") == "1");
    CHECK(rest.at("/0/id") == "2");
    CHECK(rest.at("/0/sealversion") == "2");
}

TEST_CASE("an event without a UUID is the same event when it is sent again", "[http][cloudevents]")
{
    HttpWorld world;
    const auto send = [&](std::string data, std::string target) {
        return post_as(world, "application/cloudevents+json",
                       event_json("order 17", R"(,"data":)" + data), std::move(target));
    };

    const Got first = send("1", "/v1/streams/order/1/events");
    const Got again = send("1", "/v1/streams/order/1/events");
    const Got mixed = send("1", "/v1/events");
    const Got other = send("2", "/v1/events");

    CHECK(first.status == 201);
    CHECK(again.header("Idempotency-Replayed") == "true");
    CHECK(again.at("/events/0/id") == first.at("/events/0/id"));
    CHECK(mixed.at("/events/0/position") == "1");
    CHECK(other.status == 422);
}

TEST_CASE("a line is a CloudEvent when it has a specversion, and what comes out goes in elsewhere",
          "[http][cloudevents]")
{
    HttpWorld world;
    HttpWorld elsewhere;
    const std::string same_again = event_json("order 17", R"(,"data":{"b":1})");
    const std::string body =
        same_again + "\n" + R"({"type":"Own","stream":"order/1","data":2})" + "\n" + same_again +
        "\n" + R"({"specversion":"1.0","id":"1","source":"/shop","type":"no subject"})" + "\n" +
        R"({"specversion":"2.0"})";

    const Got in = post_as(world, "application/x-ndjson", body);
    const Got out = world.get("/v1/streams/order/1/events?format=cloudevents",
                              {{"accept", "application/x-ndjson"}});
    const std::string events = out.body.substr(0, out.body.find(R"({"trailer")"));
    const Got copied = post_as(elsewhere, "application/x-ndjson", events);
    const Got read = elsewhere.get("/v1/streams/order/1/events?format=cloudevents");

    INFO(in.body << out.body << copied.body << read.body);
    CHECK(in.body.find(R"({"line":"1","status":201)") == 0);
    CHECK(in.body.find(R"("line":"3","status":201)") != std::string::npos);
    CHECK(in.body.find(R"("line":"4","status":400,"code":"bad_name")") != std::string::npos);
    CHECK(in.body.find(R"("line":"5","status":400)") != std::string::npos);
    CHECK(in.body.find(R"("pointer":"/specversion")") != std::string::npos);
    CHECK(in.body.find(R"("appended":"2","repeated":"1","failed":"2")") != std::string::npos);
    CHECK(copied.body.find(R"("appended":"2","repeated":"0","failed":"0")") != std::string::npos);
    CHECK(read.body.find(R"("id":"order 17","source":"/shop")") != std::string::npos);
    CHECK(read.body.find(R"("data":{"b":1})") != std::string::npos);
}

TEST_CASE("lines and feeds show CloudEvents when asked", "[http][cloudevents]")
{
    HttpWorld world;
    CHECK(world.post(deal, R"({"type":"A"})").status == 201);

    const Got lines =
        world.get("/v1/events?format=cloudevents", {{"accept", "application/x-ndjson"}});
    const auto line = lines.body.substr(0, lines.body.find('\n'));

    CHECK(lines.content_type == "application/x-ndjson");
    CHECK(*parsed(line).text("subject") == "42");
    CHECK(*parsed(line).text("streamtype") == "deal");
}

TEST_CASE("what is no CloudEvent is refused with a pointer", "[http][cloudevents]")
{
    HttpWorld world;
    struct Row {
        const char* type;
        std::string body;
        int status;
        const char* pointer;
    };
    const auto row = GENERATE(
        Row{"application/cloudevents+json", R"({"specversion":"1.0"})", 400, "/id"},
        Row{"application/cloudevents+json", "[]", 400, ""},
        Row{"application/cloudevents+json", event_json("1", R"(,"id":"2")"), 400, "/id"},
        Row{"application/cloudevents-batch+json", "[]", 400, ""},
        Row{"application/cloudevents-batch+json", event_json("1"), 400, ""},
        Row{"application/cloudevents-batch+json", "[" + event_json("1") + ",{}]", 400,
            "/1/specversion"},
        Row{"application/cloudevents+json", event_json("1", R"(,"stream":"x")"), 400, "/stream"},
        Row{"application/cloudevents+avro", "x", 415, ""});
    CAPTURE(row.type, row.body);

    const Got refused = post_as(world, row.type, row.body);

    CHECK(refused.status == row.status);
    CHECK(refused.at("/errors/0/pointer") == row.pointer);
}

TEST_CASE("a binary event with a header that is there twice is refused", "[http][cloudevents]")
{
    HttpWorld world;

    const Got twice = post_binary(world, {{"ce-id", "2"}}, "");
    const Got two_types = post_binary(
        world, {{"content-type", "application/json"}, {"content-type", "text/plain"}}, "1");

    CHECK(twice.status == 400);
    CHECK(twice.at("/code") == "duplicate_key");
    CHECK(two_types.status == 400);
}

TEST_CASE("binary mode is of one event, and of CloudEvents", "[http][cloudevents]")
{
    HttpWorld world;
    CHECK(post_binary(world, {}, "").status == 201);
    const std::string target = "/v1/events/" + std::string{uuid};

    CHECK(world.get(target + "?mode=binary").status == 400);
    CHECK(world.get(target + "?format=cloudevents&mode=x").status == 400);
    CHECK(world.get(target + "?format=xml").status == 400);
    CHECK(world.get("/v1/events?format=cloudevents&mode=binary").status == 400);
}
