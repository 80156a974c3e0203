// GET /v1/feed over WebSocket, over a socket: byte by byte, as a client sees it.

#include "tests/node/http/server_world.hpp"
#include "tests/node/http/socket_client.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

std::string events_json(std::size_t count)
{
    std::string json{"["};
    for (std::size_t at = 0; at < count; ++at) {
        json.append(at == 0 ? "" : ",").append(R"({"type":"A"})");
    }
    return json + "]";
}

} // namespace

TEST_CASE("a WebSocket tells history, that it is caught up, and what happens then",
          "[http][websocket]")
{
    ServerWorld world;
    REQUIRE(world.post(deal, R"([{"type":"A","data":{"n":1}},{"type":"B"}])").status == 201);
    SocketClient client{world};

    REQUIRE(client.open("/v1/feed?after=0"));
    const auto first = client.next();
    const auto second = client.next();
    const auto level = client.next();
    REQUIRE(world.post(deal, R"({"type":"C"})").status == 201);
    const auto live = client.next();

    CHECK(client.answer.find("HTTP/1.1 101 Switching Protocols\r\n") == 0);
    CHECK(client.answer.find("Connection: Upgrade\r\n") != std::string::npos);
    // The example of RFC 6455, 1.3.
    CHECK(client.answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") !=
          std::string::npos);
    CHECK(first.payload.find(R"({"type":"event","cursor":"1","event":{"position":"1",)") == 0);
    CHECK(second.payload.find(R"("type":"B")") != std::string::npos);
    CHECK(level.payload == R"({"type":"caught-up","cursor":"2"})");
    CHECK(live.payload.find(R"({"type":"event","cursor":"3")") == 0);
}

TEST_CASE("a credit bounds what is not acknowledged, and an ack moves it on", "[http][websocket]")
{
    ServerWorld world;
    world.services.feed_options.heartbeat = 30ms;
    REQUIRE(world.post(deal, events_json(10)).status == 201);
    SocketClient client{world};

    REQUIRE(client.open("/v1/feed?credit=3"));
    for (int number = 1; number <= 3; ++number) {
        CHECK(client.next().payload.find("{\"type\":\"event\",\"cursor\":\"" +
                                         std::to_string(number) + "\"") == 0);
    }
    const auto beat = client.next(); // and no fourth event
    client.say(R"({"type":"ack","cursor":"2"})");
    const auto fourth = client.next_event();
    const auto fifth = client.next_event();
    client.say(R"({"type":"credit","events":"100"})");
    const auto sixth = client.next_event();

    CHECK(beat.payload == R"({"type":"heartbeat","cursor":"3"})");
    CHECK(fourth.payload.find(R"("cursor":"4")") != std::string::npos);
    CHECK(fifth.payload.find(R"("cursor":"5")") != std::string::npos);
    CHECK(sixth.payload.find(R"("cursor":"6")") != std::string::npos);
}

TEST_CASE("who does not acknowledge for too long is overrun, and resumes from the cursor",
          "[http][websocket]")
{
    FeedHubOptions small;
    small.ring_bytes_max = 10'000; // a handful of events
    ServerWorld world{ServerWorld::quick(), {}, small};
    world.services.feed_options.heartbeat = 30ms;
    SocketClient client{world};
    REQUIRE(client.open("/v1/feed?credit=1"));
    REQUIRE(client.next().payload.find("caught-up") != std::string::npos);
    REQUIRE(world.post(deal, events_json(1)).status == 201);
    REQUIRE(client.next_event().payload.find(R"("cursor":"1")") != std::string::npos);

    REQUIRE(world.post(deal, events_json(50)).status == 201);
    auto frame = client.next();
    while (frame.opcode == 0x9 || frame.payload.find("heartbeat") != std::string::npos) {
        client.send_frame(0xa, "");
        frame = client.next();
    }
    const auto end = client.next_close();
    SocketClient again{world};
    REQUIRE(again.open("/v1/feed?after=1"));

    CHECK(frame.payload.find(R"({"type":"error","cursor":"1","code":"overrun","retryable":true)") ==
          0);
    CHECK(end.close_code() == 1013);
    CHECK(end.close_reason() == R"({"code":"overrun","cursor":"1"})");
    CHECK(again.next().payload.find(R"({"type":"event","cursor":"2")") == 0);
}

TEST_CASE("pings are answered, and a client that answers none is gone", "[http][websocket]")
{
    ServerWorld world;
    SocketClient client{world};
    REQUIRE(client.open("/v1/feed?after=head"));
    REQUIRE(client.next().payload.find("caught-up") != std::string::npos);

    client.send_frame(0x9, "are you there");
    const auto pong = client.next();
    CHECK(pong.opcode == 0xa);
    CHECK(pong.payload == "are you there");

    world.services.feed_options.heartbeat = 20ms;
    SocketClient silent{world};
    REQUIRE(silent.open("/v1/feed?after=head"));
    const auto end = silent.next_close();
    CHECK(end.close_code() == 1011);
    CHECK(end.close_reason() == R"({"code":"no_pong","cursor":"0"})");
}

TEST_CASE("the end of a WebSocket says why and where to go on", "[http][websocket]")
{
    struct Row {
        const char* what;
        std::uint8_t opcode;
        std::string payload;
        int code;
        std::string word;
    };
    const auto row = GENERATE(
        Row{"closed by the client", 0x8, "\x03\xe8", 1000, "closed"},
        Row{"closed without a code", 0x8, "", 1000, "closed"},
        Row{"no JSON", 0x1, "hello", 1008, "bad_command"},
        Row{"no command", 0x1, R"({"type":"go"})", 1008, "bad_command"},
        Row{"an ack of the future", 0x1, R"({"type":"ack","cursor":"99"})", 1008, "bad_command"},
        Row{"a credit beyond the limit", 0x1, R"({"type":"credit","events":10001})", 1008,
            "bad_command"},
        Row{"binary", 0x2, "x", 1003, "binary"},
        Row{"not UTF-8", 0x1, "\xff", 1007, "protocol_error"},
        Row{"too large", 0x1, std::string(1025, ' '), 1009, "protocol_error"},
        Row{"a reserved opcode", 0x5, "", 1002, "protocol_error"});
    CAPTURE(row.what);
    ServerWorld world;
    REQUIRE(world.post(deal, R"({"type":"A"})").status == 201);
    SocketClient client{world};
    REQUIRE(client.open("/v1/feed?after=1"));
    REQUIRE(client.next().payload.find("caught-up") != std::string::npos);

    client.send_frame(row.opcode, row.payload);
    const auto end = client.next_close();

    CHECK(end.close_code() == row.code);
    CHECK(end.close_reason() == "{\"code\":\"" + row.word + "\",\"cursor\":\"1\"}");
    CHECK(client.has_ended());
}

TEST_CASE("a flood of pings is cut, and nobody else notices", "[http][websocket]")
{
    ServerWorld world;
    SocketClient flooder{world};
    SocketClient other{world};
    REQUIRE(flooder.open("/v1/feed?after=head"));
    REQUIRE(other.open("/v1/feed?after=head"));
    std::string flood;
    for (int count = 0; count < 5000; ++count) {
        flood += client_frame(0x9, "p");
    }

    flooder.send_bytes(flood);
    const auto end = flooder.next_close();
    REQUIRE(world.post(deal, R"({"type":"A"})").status == 201);

    CHECK(end.close_code() == 1008);
    CHECK(end.close_reason().find("too_many_messages") != std::string::npos);
    CHECK(other.next_event().payload.find(R"("cursor":"1")") != std::string::npos);
}

TEST_CASE("a drain closes every WebSocket with its cursor", "[http][websocket]")
{
    ServerWorld world;
    REQUIRE(world.post(deal, R"({"type":"A"})").status == 201);
    SocketClient client{world};
    REQUIRE(client.open("/v1/feed?after=1"));
    REQUIRE(client.next().payload.find("caught-up") != std::string::npos);

    CHECK(world.drain() == 0);

    const auto error = client.next();
    const auto end = client.next();
    CHECK(error.payload.find(R"({"type":"error","cursor":"1","code":"draining")") == 0);
    CHECK(end.opcode == 0x8);
    CHECK(end.close_code() == 1001);
    CHECK(end.close_reason() == R"({"code":"draining","cursor":"1"})");
}

TEST_CASE("a handshake that is not right is refused", "[http][websocket]")
{
    constexpr auto good = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                          "Sec-WebSocket-Version: 13\r\n";
    struct Row {
        const char* what;
        std::string fields;
        std::string target;
        const char* status;
    };
    const std::string no_key = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Version: 13\r\n";
    const std::vector<Row> rows{
        {"all is right", good, "/v1/feed", "101"},

        {"an old version",
         "Upgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n",
         "/v1/feed", "426"},
        {"no key", no_key, "/v1/feed", "400"},
        {"a short key", no_key + "Sec-WebSocket-Key: dGhl\r\n", "/v1/feed", "400"},
        {"a key that is no Base64", no_key + "Sec-WebSocket-Key: !!!!\r\n", "/v1/feed", "400"},
        {"two keys", good + std::string{"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"},
         "/v1/feed", "400"},
        {"no Connection: Upgrade",
         "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
         "Sec-WebSocket-Version: 13\r\n",
         "/v1/feed", "400"},
        {"a page of another host", good + std::string{"Origin: https://evil.example\r\n"},
         "/v1/feed", "403"},
        {"a page without an origin", good + std::string{"Origin: null\r\n"}, "/v1/feed", "403"},
        {"a page of this host", good + std::string{"Origin: http://LOCALHOST\r\n"}, "/v1/feed",
         "101"},
        {"a cursor of another ledger", good, "/v1/feed?after=7", "400"},
        {"a credit beyond the limit", good, "/v1/feed?credit=10001", "400"},
        {"a credit without a WebSocket", "", "/v1/feed?credit=1", "400"},
        {"an endpoint that has none", good, "/v1/limits", "200"},
    };
    // Open to everybody, so that what a page may not is not refused for want of credentials.
    security::AccessOptions open;
    open.rules = {"anonymous roles=reader"};
    const auto gate = *security::Gate::make(std::move(open));
    ServerWorld world;
    world.services.gate = gate.get();
    for (const Row& row : rows) {
        CAPTURE(row.what);
        auto client = world.connect();
        REQUIRE(run_task(world.context, client.send(get_text(row.target, row.fields))));
        const auto answer = run_task(world.context, client.read_until("\r\n\r\n"));
        CHECK(answer.substr(0, 12) == std::string{"HTTP/1.1 "} + row.status);
    }
}
