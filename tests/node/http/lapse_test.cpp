// Answers that last end when the credentials of their caller do: with a reason, the cursor to come
// back with, and not one event more.

#include "tests/node/http/server_world.hpp"
#include "tests/node/http/socket_client.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/key_file.hpp"
#include "tests/support/token_signer.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

// How a body of chunks ends; the connection stays, and is idle then.
const std::string last_chunk = "\r\n0\r\n\r\n";

// A node that accepts tokens of one issuer, and a token that is good for ten minutes.
struct TokenWorld {
    TokenWorld()
    {
        security::AccessOptions options;
        options.rules = {"signed-in roles=reader|writer"};
        options.tokens.issuers = {"issuer=https://id.example audience=sealstream jwks=" +
                                  keys.path()};
        options.tokens.skew_seconds = 0;
        gate = *security::Gate::make(std::move(options));
        world.services.gate = gate.get();
        world.services.feed_options.heartbeat = 20ms;
        const auto expires = world.clock.wall().nanoseconds / 1'000'000'000 + 600;
        authorization =
            "Authorization: Bearer " +
            signer.token(R"({"iss":"https://id.example","aud":"sealstream","sub":"alice","exp":)" +
                         std::to_string(expires) + "}") +
            "\r\n";
    }
    void lapse(std::string_view reason)
    {
        if (reason == "key_withdrawn") {
            keys.write(TokenSigner{"ES256", "k2"}.jwk_set());
            world.clock.shift = 61s; // the file is looked at again
        } else {
            world.clock.shift = 601s;
        }
    }

    TokenSigner signer{"ES256", "k1"};
    KeyFile keys{signer.jwk_set()};
    std::unique_ptr<security::Gate> gate;
    ServerWorld world;
    std::string authorization;
};

// An event that comes after the end of the credentials must not be seen.
void append_secret(ServerWorld& world)
{
    REQUIRE(world.post(deal, R"({"type":"Secret"})").status == 201);
}

} // namespace

TEST_CASE("feeds that are bodies end with the credentials", "[http][feed][access]")
{
    TokenWorld own;
    REQUIRE(own.world.post(deal, R"([{"type":"A"},{"type":"B"}])").status == 201);
    const auto* const reason = GENERATE("token_expired", "key_withdrawn");
    const auto* const accept = GENERATE("text/event-stream", "application/x-ndjson");
    const bool is_quiet = GENERATE(true, false);
    CAPTURE(reason, accept, is_quiet);
    auto client = own.world.connect();
    const auto request = get_text("/v1/feed", own.authorization + "Accept: " + accept + "\r\n");
    REQUIRE(run_task(own.world.context, client.send(request)));
    run_task(own.world.context, client.read_until("caught-up"));

    own.lapse(reason);
    if (!is_quiet) {
        append_secret(own.world);
    }
    const auto all = run_task(own.world.context, client.read_until(last_chunk));

    CHECK(all.find("Secret") == std::string::npos);
    std::string name{reason};
    if (std::string_view{accept} == "text/event-stream") {
        name.replace(name.find('_'), 1, "-");
        CHECK(all.find("id: 2\nevent: " + name + "\ndata: {\"position\":\"2\"}\n\n") !=
              std::string::npos);
    } else {
        CHECK(all.find(R"({"type":"error","cursor":"2","code":")" + name +
                       R"(","retryable":true)") != std::string::npos);
    }
    CHECK(all.ends_with("0\r\n\r\n"));
    auto again = own.world.connect();
    REQUIRE(run_task(own.world.context, again.send(request)));
    CHECK(run_task(own.world.context, again.read_until("\r\n\r\n")).starts_with("HTTP/1.1 401"));
    CHECK(own.world.metrics.text().find(
              "sealstream_subscriber_disconnects_total{reason=\"access\"") != std::string::npos);
}

TEST_CASE("WebSockets end with the credentials, and say it twice", "[http][websocket][access]")
{
    TokenWorld own;
    REQUIRE(own.world.post(deal, R"([{"type":"A"},{"type":"B"}])").status == 201);
    const std::string reason = GENERATE("token_expired", "key_withdrawn");
    const std::string target = GENERATE("/v1/feed", "/ws/events");
    CAPTURE(reason, target);
    SocketClient client{own.world};
    REQUIRE(client.open(target, own.authorization));
    CHECK(client.next().payload.find(R"("A")") != std::string::npos);
    CHECK(client.next().payload.find(R"("B")") != std::string::npos);

    own.lapse(reason);
    append_secret(own.world);
    std::string seen;
    auto frame = client.next();
    for (; frame.opcode == 0x1 || frame.opcode == 0x9; frame = client.next()) {
        seen += frame.payload;
    }

    CHECK(seen.find("Secret") == std::string::npos);
    CHECK((seen.find("\"code\":\"" + reason + "\"") != std::string::npos) ==
          (target == "/v1/feed"));
    REQUIRE(frame.opcode == 0x8);
    CHECK(frame.payload ==
          std::string{"\x03\xf0", 2} + R"({"code":")" + reason + R"(","cursor":"2"})");
}

TEST_CASE("a long answer of lines ends with the reason instead of its trailer",
          "[http][read][access]")
{
    TokenWorld own;
    const std::string body =
        R"({"type":"Big","data":{"text":")" + std::string(500'000, 'x') + "\"}}";
    for (int events = 0; events < 40; ++events) { // more than sockets hold
        REQUIRE(own.world.post(deal, body).status == 201);
    }
    const std::string target = GENERATE("/v1/events", "/v1/streams/deal/42/events");
    CAPTURE(target);
    auto client = own.world.connect();
    REQUIRE(run_task(
        own.world.context,
        client.send(get_text(target, own.authorization + "Accept: application/x-ndjson\r\n"))));
    run_task(own.world.context, client.read_until("\"position\":\"1\""));
    own.world.context.restart();
    own.world.context.run_for(100ms); // some more, until the sockets are full

    own.lapse("token_expired");
    const auto all = run_task(own.world.context, client.read_until(last_chunk));

    const auto events = count_of(all, "\"position\":\"");
    CHECK(events > 0);
    CHECK(events < 40);
    CHECK(all.find("\"trailer\"") == std::string::npos);
    CHECK(all.find(R"({"type":"error","cursor":")" + std::to_string(events) +
                   R"(","code":"token_expired","retryable":true)") != std::string::npos);
}

TEST_CASE("the rest of a bulk append is refused when the token expires", "[http][bulk][access]")
{
    TokenWorld own;
    auto client = own.world.connect();
    const std::string line = "{\"type\":\"A\"}\n";
    const auto chunk = "d\r\n" + line + "\r\n";
    REQUIRE(run_task(own.world.context,
                     client.send("POST /v1/streams/deal/42/events HTTP/1.1\r\nHost: test\r\n" +
                                 own.authorization +
                                 "Content-Type: application/x-ndjson\r\nTransfer-Encoding: "
                                 "chunked\r\n\r\n" +
                                 chunk)));
    while (own.world.get("/v1/events").body.find("\"position\":\"1\"") == std::string::npos) {
        own.world.context.restart();
        own.world.context.run_for(5ms);
    }

    own.lapse("token_expired");
    REQUIRE(run_task(own.world.context, client.send(chunk + chunk + "0\r\n\r\n")));
    const auto all = run_task(own.world.context, client.read_until("summary"));

    CHECK(all.find(R"({"line":"1","status":201)") != std::string::npos);
    CHECK(all.find(R"({"line":"2","status":401,"code":"unauthenticated")") != std::string::npos);
    CHECK(all.find(R"("appended":"1")") != std::string::npos);
    CHECK(all.find(R"("is_complete":false)") != std::string::npos);
}

TEST_CASE("who needs no credentials is never cut for them", "[http][feed][access]")
{
    TokenWorld own;
    auto client = own.world.connect();
    REQUIRE(run_task(own.world.context, client.send(get_text("/v1/feed"))));
    run_task(own.world.context, client.read_until("caught-up"));

    own.world.clock.shift = 24h * 365;
    append_secret(own.world);

    CHECK(run_task(own.world.context, client.read_until("Secret")).find("Secret") !=
          std::string::npos);
}
