// Key sets that are fetched, from a real HTTPS server: one that behaves, and ones that do not.

#include "node/security/gate.hpp"
#include "node/security/https_get.hpp"
#include "node/security/key_fetcher.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/https_server.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/token_signer.hpp"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <sstream>

using namespace sealstream;
using namespace sealstream::security;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

// An issuer with its server, and a node's gate that fetches from it.
struct World {
    explicit World(const std::string& host = "localhost") : url{server.url(host)}
    {
        options.rules = {"signed-in roles=reader"};
        options.tokens.ca_file = authority.certificate_file();
        options.tokens.issuers = {"issuer=https://id.example audience=sealstream jwks=" + url};
        options.tokens.fetch_timeout = 300ms;
    }
    ~World()
    {
        stop.request();
        server.stop();
        run_until([this] { return tasks.running() == 0; });
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    void start()
    {
        gate = *Gate::make(options);
        gate->report_to(&metrics);
        fetcher = std::make_unique<KeyFetcher>(gate->tokens(), clock, stop, &metrics);
        fetcher->start(tasks);
    }
    template <class Holds>
    bool run_until(Holds holds)
    {
        const auto until = std::chrono::steady_clock::now() + 10s;
        while (!holds() && std::chrono::steady_clock::now() < until) {
            context.restart();
            context.run_for(5ms);
        }
        return holds();
    }
    [[nodiscard]] std::int64_t now() const { return clock.wall().nanoseconds / 1'000'000'000; }
    [[nodiscard]] std::string token_of(const TokenSigner& signer) const
    {
        return signer.token(
            R"({"iss":"https://id.example","aud":"sealstream","sub":"alice","exp":)" +
            std::to_string(now() + 600) + "}");
    }
    [[nodiscard]] Result<CallerPtr> ask(const std::string& token, std::int64_t later = 0) const
    {
        const std::string field = "Bearer " + token;
        Credentials credentials;
        credentials.authorization = field;
        credentials.authorization_count = 1;
        credentials.now = now() + later;
        return gate->identify(credentials);
    }
    [[nodiscard]] Errc code_of(const std::string& token, std::int64_t later = 0) const
    {
        const auto caller = ask(token, later);
        return caller ? Errc::internal : caller.error().code;
    }
    // The value of a series, as Prometheus would read it.
    [[nodiscard]] std::string metric(const std::string& series)
    {
        gate->tokens().show(now());
        std::ostringstream page;
        prometheus::TextSerializer{}.Serialize(page, registry.Collect());
        const std::string text = page.str();
        const auto at = text.find("\n" + series + " ");
        return at == std::string::npos
                   ? ""
                   : text.substr(at + series.size() + 2,
                                 text.find('\n', at + 1) - at - series.size() - 2);
    }

    boost::asio::io_context context{1};
    Authority authority;
    HttpsServer server{context, authority.issue_server()};
    SystemClock clock;
    Stop stop{context.get_executor()};
    TaskGroup tasks{context.get_executor()};
    prometheus::Registry registry;
    SecurityMetrics metrics{registry};
    std::string url;
    AccessOptions options;
    std::unique_ptr<Gate> gate;
    std::unique_ptr<KeyFetcher> fetcher;
};

const std::string failures = R"(sealstream_token_keys_failures_total{issuer="https://id.example"})";

} // namespace

TEST_CASE("a fetched set opens the gate, and before it tokens are told to wait", "[security][keys]")
{
    const TokenSigner signer{"ES256", "k1"};
    World world;
    world.server.answer_with(signer.jwk_set());
    world.start();
    const auto token = world.token_of(signer);
    const auto early = world.ask(token);
    REQUIRE_FALSE(early);
    CHECK(early.error().code == Errc::unavailable);
    CHECK(world.metric(R"(sealstream_token_keys_age_seconds{issuer="https://id.example"})") ==
          "+Inf");

    CHECK(world.run_until([&] { return world.ask(token).has_value(); }));

    CHECK(world.server.last_request.starts_with("GET /keys HTTP/1.1\r\nHost: localhost:"));
    CHECK(world.metric(R"(sealstream_token_keys{issuer="https://id.example"})") == "1");
    CHECK(world.metric(R"(sealstream_token_keys_age_seconds{issuer="https://id.example"})") !=
          "+Inf");
    CHECK(world.metric(failures) == "0");
    CHECK(world.metric(R"(sealstream_access_refusals_total{reason="keys_unavailable"})") != "0");
}

TEST_CASE("a token by a new key brings one fetch, however many such tokens come",
          "[security][keys]")
{
    const TokenSigner first{"ES256", "k1"};
    const TokenSigner second{"EdDSA", "k2"};
    const TokenSigner stranger{"ES256", "k3"};
    World world;
    world.options.tokens.fetch_early = 1s;
    world.server.answer_with(first.jwk_set());
    world.start();
    const auto of_first = world.token_of(first);
    REQUIRE(world.run_until([&] { return world.ask(of_first).has_value(); }));
    REQUIRE(world.server.requests == 1);

    world.server.answer_with(second.jwk_set());
    const auto of_second = world.token_of(second);
    CHECK(world.code_of(of_second) == Errc::unauthenticated);
    CHECK(world.run_until([&] { return world.ask(of_second).has_value(); }));

    CHECK(world.server.requests == 2);
    CHECK(world.code_of(of_first) == Errc::unauthenticated); // remembered, and its key is gone
    const auto of_stranger = world.token_of(stranger);
    const auto until = std::chrono::steady_clock::now() + 1'500ms;
    world.run_until([&] {
        CHECK(world.code_of(of_stranger) == Errc::unauthenticated);
        return std::chrono::steady_clock::now() > until;
    });
    CHECK(world.server.requests <= 4); // one a second
    CHECK(world.metric(R"(sealstream_access_refusals_total{reason="unknown_key"})") != "0");
}

TEST_CASE("what a broken or hostile server says leaves the last good set in use",
          "[security][keys][hostile]")
{
    const TokenSigner signer{"ES256", "k1"};
    CapturedLog captured;
    World world;
    world.options.tokens.fetch_interval = 0s; // again and again
    world.server.answer_with(signer.jwk_set());
    world.start();
    const auto token = world.token_of(signer);
    REQUIRE(world.run_until([&] { return world.ask(token).has_value(); }));
    const auto length = "Content-Length: " + std::to_string(signer.jwk_set().size());

    SECTION("not JSON")
    {
        world.server.answer_with("<html>");
    }
    SECTION("no set")
    {
        world.server.answer_with("{}");
    }
    SECTION("an empty set")
    {
        world.server.answer_with(R"({"keys":[]})");
    }
    SECTION("more than the bound, announced")
    {
        world.server.answer_with(R"({"keys":[],"x":")" + std::string(300'000, 'x') + "\"}");
    }
    SECTION("more than the bound, not announced")
    {
        world.server.answer = "HTTP/1.1 200 OK\r\n\r\n" + std::string(300'000, ' ');
    }
    SECTION("header fields without end")
    {
        world.server.answer = "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x');
    }
    SECTION("the head of a chunk without end")
    {
        world.server.answer =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + std::string(1'000'000, 'x');
    }
    SECTION("one byte at a time, for ever")
    {
        world.server.drip = 50ms;
    }
    SECTION("silence")
    {
        world.server.shakes_hands = false;
    }
    SECTION("cut short")
    {
        world.server.answer = "HTTP/1.1 200 OK\r\n" + length + "\r\n\r\n{\"keys\":";
    }
    SECTION("a redirect, even to a good set")
    {
        world.server.answer = "HTTP/1.1 302 Found\r\nLocation: " + world.url + "\r\n" + length +
                              "\r\n\r\n" + signer.jwk_set();
    }
    SECTION("an error with a set in it")
    {
        world.server.answer = "HTTP/1.1 500 Oops\r\n" + length + "\r\n\r\n" + signer.jwk_set();
    }
    SECTION("no HTTP")
    {
        world.server.answer = "220 mail.example ESMTP\r\n\r\n";
    }

    CHECK(world.run_until([&] { return world.metric(failures) != "0"; }));
    CHECK(world.ask(token));
}

TEST_CASE("keys come only from a server that proves its name", "[security][keys][hostile]")
{
    boost::asio::io_context context{1};
    Authority authority;
    Authority stranger{"Other CA"};
    Request expired;
    expired.dns = {"localhost"};
    expired.ends = -60s;
    struct Row {
        const char* what;
        CertificateFiles certificate;
        std::string host;
        std::filesystem::path trusted;
        bool is_good;
    };
    const std::vector<Row> rows{
        {"by name", authority.issue_server(), "localhost", authority.certificate_file(), true},
        {"by address", authority.issue_server(), "127.0.0.1", authority.certificate_file(), true},
        {"another's name", authority.issue_client("a", "spiffe://example.org/a"), "localhost",
         authority.certificate_file(), false},
        {"an authority that we do not trust", authority.issue_server(), "localhost",
         stranger.certificate_file(), false},
        {"the system's authorities", authority.issue_server(), "localhost", {}, false},
        {"out of its time", authority.issue("expired", expired), "localhost",
         authority.certificate_file(), false}};
    for (const Row& row : rows) {
        CAPTURE(row.what);
        HttpsServer server{context, row.certificate};
        server.answer_with("{}");
        HttpsWish wish{*HttpsUrl::parse(server.url(row.host)), row.trusted, 1'000, 2'000ms};

        const auto got = run_task(context, https_get(context.get_executor(), std::move(wish)));

        CHECK(got.has_value() == row.is_good);
        CHECK((got || got.error().code == Errc::unauthenticated));
        CHECK(server.requests == (row.is_good ? 1U : 0U));
        server.stop();
    }
}

TEST_CASE("nobody there, or a file that is none, is said in time", "[security][keys]")
{
    boost::asio::io_context context{1};
    Authority authority;
    const auto get = [&](const std::string& url, const std::filesystem::path& trusted) {
        HttpsWish wish{*HttpsUrl::parse(url), trusted, 1'000, 2'000ms};
        return run_task(context, https_get(context.get_executor(), std::move(wish)));
    };
    HttpsServer server{context, authority.issue_server()};
    const auto nowhere = server.url("127.0.0.1");
    server.stop();

    CHECK(get(nowhere, authority.certificate_file()).error().code == Errc::unavailable);
    CHECK(get("https://does-not-exist.invalid/", authority.certificate_file()).error().code ==
          Errc::unavailable);
    CHECK(get(nowhere, authority.folder() / "none.pem").error().code == Errc::not_found);
    CHECK(get(nowhere, authority.folder() / "server.key").error().code == Errc::malformed);
}

TEST_CASE("keys that could not be fetched for too long count no more", "[security][keys]")
{
    const TokenSigner signer{"ES256", "k1"};
    World world;
    world.options.tokens.keys_age_seconds_max = 60;
    world.server.answer_with(signer.jwk_set());
    world.start();
    const auto token = world.token_of(signer);
    REQUIRE(world.run_until([&] { return world.ask(token).has_value(); }));

    CHECK(world.ask(token, 59));
    CHECK(world.code_of(token, 62) == Errc::unavailable);
    const TokenSigner other{"ES256", "k1"};
    CHECK(world.code_of(world.token_of(other), 62) == Errc::unavailable); // not remembered
}
