// The session, with real sockets: framing, limits, deadlines, closing.

#include "tests/node/http/server_world.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

constexpr auto close_field = "Connection: close\r\n";

bool begins(std::string_view text, std::string_view with)
{
    return text.substr(0, with.size()) == with;
}

} // namespace

TEST_CASE("requests sent in one go are answered one by one, in order", "[http][session]")
{
    ServerWorld world;
    std::string bytes;
    for (int number = 0; number < 20; ++number) {
        bytes += post_text(deal, opened, number == 19 ? close_field : "");
    }

    const auto answers = world.exchange(bytes);

    CHECK(count_of(answers, "HTTP/1.1 201 Created\r\n") == 20);
    CHECK(count_of(answers, "Connection: close\r\n") == 1);
    CHECK(answers.find("ETag: \"1\"") < answers.find("ETag: \"2\""));
    CHECK(answers.find("ETag: \"19\"") < answers.find("ETag: \"20\""));
}

TEST_CASE("a client that closes its sending side still gets its answer", "[http][session]")
{
    ServerWorld world;

    const auto answer = world.exchange(post_text(deal, opened), true);

    CHECK(begins(answer, "HTTP/1.1 201 Created\r\n"));
}

TEST_CASE("every byte may come alone", "[http][session]")
{
    ServerWorld world;
    auto client = world.connect();
    const auto bytes = post_text(deal, opened, close_field);

    for (const char byte : bytes) {
        REQUIRE(run_task(world.context, client.send(std::string(1, byte))));
    }
    const auto answer = run_task(world.context, client.read_to_end());

    CHECK(begins(answer, "HTTP/1.1 201 Created\r\n"));
}

TEST_CASE("what is not one clear request is refused and the connection closed", "[http][session]")
{
    struct Row {
        const char* bytes;
        const char* status;
    };
    const auto row = GENERATE(
        Row{"GARBAGE\r\n\r\n", "400"}, Row{"GET /v1/limits HTTP/1.1\r\n\r\n", "400"},
        Row{"GET /v1/limits HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
        Row{"GET /v1/limits HTTP/1.1\nHost: a\n\n", "400"},
        Row{"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: "
            "chunked\r\n\r\n{}",
            "400"},
        Row{"POST /v1/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: "
            "2\r\n\r\n{}",
            "400"},
        Row{"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: "
            "3\r\n\r\n{}",
            "400"},
        Row{"POST /v1/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "400"},
        Row{"POST /v1/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", "400"},
        Row{"POST /v1/events HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: "
            "chunked\r\nContent-Type: application/json\r\n\r\n0\r\n\r\n",
            "400"},
        Row{"POST /v1/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Type: "
            "application/json\r\n\r\nzz\r\n",
            "400"},
        Row{"GET /v1/limits HTTP/1.1\r\nHost: a\r\nExpect: much\r\nConnection: close\r\n\r\n",
            "417"});
    CAPTURE(row.bytes);
    ServerWorld world;

    const auto answer = world.exchange(row.bytes);

    CHECK(begins(answer, std::string{"HTTP/1.1 "} + row.status));
    CHECK(answer.find("application/problem+json") != std::string::npos);
    CHECK(count_of(answer, "Connection: close\r\n") == 1);
}

TEST_CASE("headers, targets and bodies beyond their limits are named by status", "[http][session]")
{
    http::Limits limits;
    limits.body_bytes_max = 100'000;
    ServerWorld world{ServerWorld::quick(), limits};
    const std::string long_field = "X-Long: " + std::string(20'000, 'x') + "\r\n";
    const std::string long_target = "/v1/events?" + std::string(9'000, 'x');
    const std::string large(200'000, ' ');
    std::string chunked{"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n"};
    for (int chunk = 0; chunk < 20; ++chunk) {
        chunked.append("2710\r\n").append(std::string(10'000, ' ')).append("\r\n");
    }

    CHECK(begins(world.exchange(get_text("/v1/limits", long_field)), "HTTP/1.1 431"));
    CHECK(begins(world.exchange(get_text(long_target)), "HTTP/1.1 414"));
    CHECK(begins(world.exchange(get_text(std::string(30'000, '/'))), "HTTP/1.1 414"));
    CHECK(begins(world.exchange(post_text("/v1/events", large)), "HTTP/1.1 413"));
    CHECK(begins(world.exchange(chunked + "0\r\n\r\n"), "HTTP/1.1 413"));
    const auto metrics = world.metrics.text();
    for (const auto* line : {"{reason=\"header_too_large\"} 3", "{reason=\"body_too_large\"} 2"}) {
        CHECK(metrics.find(line) != std::string::npos);
    }
}

TEST_CASE("a client that dribbles its header or body is cut at the deadline", "[http][session]")
{
    ServerWorld world;

    const auto header = world.exchange("GET /v1/limits HTTP/1.1\r\nHo");
    const auto body =
        world.exchange("POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{");

    CHECK(begins(header, "HTTP/1.1 408"));
    CHECK(begins(body, "HTTP/1.1 408"));
}

TEST_CASE("a silent connection is closed without words", "[http][session]")
{
    auto options = ServerWorld::quick();
    options.timeouts.idle = 30ms;
    ServerWorld world{options};

    CHECK(world.exchange("").empty());
}

TEST_CASE("Expect: 100-continue asks for the body only when it will be read", "[http][session]")
{
    http::Limits limits;
    limits.body_bytes_max = 1000;
    ServerWorld world{ServerWorld::quick(), limits};
    auto client = world.connect();
    const auto request = post_text(deal, opened, "Expect: 100-continue\r\nConnection: close\r\n");
    const auto head_size = request.find("\r\n\r\n") + 4;

    REQUIRE(run_task(world.context, client.send(request.substr(0, head_size))));
    const auto asked = run_task(world.context, client.read_until("\r\n\r\n"));
    REQUIRE(run_task(world.context, client.send(request.substr(head_size))));
    const auto answer = run_task(world.context, client.read_to_end());
    const auto refused = world.exchange("POST /v1/events HTTP/1.1\r\nHost: a\r\nExpect: "
                                        "100-continue\r\nContent-Length: 2000\r\n\r\n");

    CHECK(asked == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(answer.find("HTTP/1.1 201 Created") != std::string::npos);
    CHECK(begins(refused, "HTTP/1.1 413"));
}

TEST_CASE("a bulk is asked for before its answer begins", "[http][session][bulk]")
{
    ServerWorld world;
    auto client = world.connect();
    const std::string head{"POST /v1/streams/deal/42/events HTTP/1.1\r\nHost: a\r\nContent-Type: "
                           "application/x-ndjson\r\nTransfer-Encoding: chunked\r\nExpect: "
                           "100-continue\r\nConnection: close\r\n\r\n"};

    REQUIRE(run_task(world.context, client.send(head)));
    const auto asked = run_task(world.context, client.read_until("\r\n\r\n"));
    REQUIRE(run_task(world.context, client.send("d\r\n{\"type\":\"A\"}\n\r\n0\r\n\r\n")));
    const auto answer = run_task(world.context, client.read_to_end());

    CHECK(begins(asked, "HTTP/1.1 100 Continue\r\n\r\n"));
    CHECK(count_of(answer, "HTTP/1.1 ") == 2);
    CHECK(answer.find("\"appended\":\"1\"") != std::string::npos);
}

TEST_CASE("HTTP/1.0 and HEAD are answered in their own ways", "[http][session]")
{
    ServerWorld world;

    const auto old = world.exchange("GET /v1/limits HTTP/1.0\r\n\r\n");
    const auto head =
        world.exchange("HEAD /v1/limits HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const auto lines =
        world.exchange("GET /v1/events HTTP/1.0\r\nAccept: application/x-ndjson\r\n\r\n");

    CHECK(begins(old, "HTTP/1.1 200 OK\r\n"));
    CHECK(old.find("Connection: close\r\n") != std::string::npos);
    CHECK(begins(head, "HTTP/1.1 200 OK\r\n"));
    CHECK(head.substr(head.size() - 4) == "\r\n\r\n");
    CHECK(lines.find("Transfer-Encoding") == std::string::npos);
    CHECK(lines.find("{\"trailer\":") != std::string::npos);
}

TEST_CASE("NDJSON streams in by chunks and its results stream out", "[http][session][bulk]")
{
    ServerWorld world;
    std::string bytes{"POST /v1/streams/deal/42/events HTTP/1.1\r\nHost: a\r\nContent-Type: "
                      "application/x-ndjson\r\nTransfer-Encoding: chunked\r\nConnection: "
                      "close\r\n\r\n"};
    const std::string line = "{\"type\":\"A\"}\n";
    for (int number = 0; number < 3000; ++number) {
        bytes.append("5\r\n").append(line.substr(0, 5)).append("\r\n8\r\n");
        bytes.append(line.substr(5)).append("\r\n");
    }
    bytes.append("0\r\n\r\n");

    const auto answer = world.exchange(bytes);

    CHECK(begins(answer, "HTTP/1.1 200 OK\r\n"));
    CHECK(count_of(answer, "\"status\":201") == 3000);
    CHECK(
        answer.find(
            R"({"summary":{"lines":"3000","appended":"3000","repeated":"0","failed":"0","is_complete":true}})") !=
        std::string::npos);
}

TEST_CASE("a bulk whose client goes silent ends with a summary that says so",
          "[http][session][bulk]")
{
    ServerWorld world;

    const auto answer = world.exchange(
        "POST /v1/streams/deal/42/events HTTP/1.1\r\nHost: a\r\nContent-Type: "
        "application/x-ndjson\r\nContent-Length: 1000\r\n\r\n{\"type\":\"A\"}\n{\"ty");

    CHECK(answer.find("\"line\":\"1\",\"status\":201") != std::string::npos);
    CHECK(answer.find("\"is_complete\":false") != std::string::npos);
}

TEST_CASE("will not listen where everybody could append", "[http][session][security]")
{
    HttpWorld world;
    http::Options options;
    options.address = GENERATE(as<std::string>{}, "0.0.0.0", "::", "192.0.2.1");
    http::Server server{world.context.get_executor(), options, world.services};

    const auto started = server.start();

    REQUIRE(!started);
    CHECK(started.error().code == Errc::forbidden);
}

TEST_CASE("a port that is taken is an error, and nothing was started", "[http][session]")
{
    ServerWorld world;
    http::Options options;
    options.admin_port = world.server.port();
    http::Server second{world.context.get_executor(), options, world.services};

    const auto started = second.start();

    REQUIRE(!started);
    CHECK(started.error().code == Errc::unavailable);
}
