// Rates of clients over HTTP: 429 with when to come back, and nobody else is concerned.

#include "tests/node/http/server_world.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

std::unique_ptr<security::Gate> gate_with(security::RateOptions rates)
{
    security::AccessOptions options;
    options.rates = rates;
    options.rules = {"signed-in roles=reader|writer"};
    return *security::Gate::make(std::move(options));
}

std::string limits_text()
{
    return get_text("/v1/limits", "Connection: close\r\n");
}

} // namespace

TEST_CASE("a client beyond its rate is told when to come back", "[http][rates]")
{
    security::RateOptions rates;
    rates.requests_per_second = 2;
    rates.burst_seconds = 1;
    const auto gate = gate_with(rates);
    ServerWorld world;
    world.services.gate = gate.get();

    const auto first = world.exchange(limits_text());
    CHECK(first.starts_with("HTTP/1.1 200"));
    CHECK_THAT(first, Catch::Contains("RateLimit-Policy: \"requests\";q=2;w=1\r\n"));
    CHECK_THAT(first, Catch::Contains("RateLimit: \"requests\";r=1;t=0\r\n"));
    CHECK_THAT(first, Catch::Contains("\"requests_per_second_max\":2"));
    CHECK(world.exchange(limits_text()).starts_with("HTTP/1.1 200"));

    const auto third = world.exchange(limits_text());
    CHECK(third.starts_with("HTTP/1.1 429 Too Many Requests"));
    CHECK_THAT(third, Catch::Contains("Retry-After: 1\r\n"));
    CHECK_THAT(third, Catch::Contains("RateLimit: \"requests\";r=0;t=1\r\n"));
    CHECK_THAT(third, Catch::Contains("\"code\":\"rate_limited\""));
    CHECK_THAT(third, Catch::Contains("\"retryable\":true"));
    CHECK_THAT(world.metrics.text(),
               Catch::Contains("sealstream_http_rejected_total{reason=\"rate_limit\"} 1"));
}

TEST_CASE("events and bytes are paid for after they were taken", "[http][rates]")
{
    security::RateOptions rates;
    rates.events_per_second = 10;
    rates.burst_seconds = 1;
    const auto gate = gate_with(rates);
    HttpWorld world;
    world.services.gate = gate.get();
    std::string body = "[";
    for (int number = 0; number < 25; ++number) {
        body += std::string{number == 0 ? "" : ","} + R"({"type":"Opened","data":{}})";
    }
    const auto post = [&](const char* peer) {
        Sent sent{http::Verb::post,
                  "/v1/streams/deal/1/events",
                  {{"Content-Type", "application/json"}},
                  body + "]"};
        sent.peer = peer;
        return world.send(std::move(sent));
    };

    CHECK(post("192.0.2.1").status == 201);
    const auto again = post("192.0.2.1");
    CHECK(again.status == 429);
    CHECK(again.header("RateLimit-Policy") == "\"events\";q=10;w=1");
    CHECK(again.header("Retry-After") == "2");
    CHECK(post("192.0.2.2").status == 201); // somebody else
}

TEST_CASE("who guesses at tokens is limited by its address", "[http][rates]")
{
    security::RateOptions rates;
    rates.requests_per_second = 3;
    rates.burst_seconds = 1;
    const auto gate = gate_with(rates);
    HttpWorld world;
    world.services.gate = gate.get();
    std::vector<int> statuses;
    for (int guess = 0; guess < 5; ++guess) {
        Sent sent{http::Verb::get, "/v1/events", {{"Authorization", "Bearer x.y.z"}}};
        sent.peer = "192.0.2.1";
        statuses.push_back(world.send(std::move(sent)).status);
    }

    CHECK(statuses == std::vector<int>{401, 401, 401, 429, 429});
}

TEST_CASE("operators are never limited", "[http][rates]")
{
    security::RateOptions rates;
    rates.requests_per_second = 1;
    rates.connections_per_client_max = 1;
    const auto gate = gate_with(rates);
    ServerWorld world;
    world.services.gate = gate.get();

    for (int probe = 0; probe < 5; ++probe) {
        RawClient client{world.context, world.server.admin_port()};
        const auto text = get_text("/livez", "Connection: close\r\n");
        CHECK(run_task(world.context, client.send(text)));
        CHECK(run_task(world.context, client.read_to_end()).starts_with("HTTP/1.1 200"));
    }
}

TEST_CASE("an address has so many connections and no more", "[http][rates]")
{
    security::RateOptions rates;
    rates.connections_per_client_max = 2;
    const auto gate = gate_with(rates);
    ServerWorld world;
    world.services.gate = gate.get();
    {
        auto first = world.connect();
        auto second = world.connect();
        CHECK(run_task(world.context, first.send(get_text("/v1/limits"))));
        CHECK(run_task(world.context, first.read_answer()).starts_with("HTTP/1.1 200"));
        CHECK(run_task(world.context, second.send(get_text("/v1/limits"))));
        CHECK(run_task(world.context, second.read_answer()).starts_with("HTTP/1.1 200"));
        CHECK(world.exchange(limits_text()).empty());
    }
    std::string answer;
    for (int tries = 0; tries < 50 && answer.empty(); ++tries) {
        answer = world.exchange(limits_text()); // once the first two are gone
    }
    CHECK(answer.starts_with("HTTP/1.1 200"));
}
