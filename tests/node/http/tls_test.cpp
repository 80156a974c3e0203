// HTTPS: who gets in, as whom, with which protocol; and certificates that change under way.

#include "tests/node/http/tls_client.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/ssl.hpp>

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;
using security::ClientCertificates;

namespace {

const std::string ask = get_text("/v1/events", "Connection: close\r\n");

http::Options with_tls(const Authority& authority, const CertificateFiles& server,
                       ClientCertificates clients = ClientCertificates::none)
{
    auto options = ServerWorld::quick();
    options.timeouts.handshake = 100ms;
    options.tls.certificate_file = server.certificate;
    options.tls.key_file = server.key;
    options.tls.client_ca_file = authority.certificate_file();
    options.tls.client_certificates = clients;
    return options;
}

std::unique_ptr<security::Gate> gate_for(std::vector<std::string> rules)
{
    security::AccessOptions options;
    options.rules = std::move(rules);
    options.trust_domains = {"example.org"};
    options.spiffe_sources = {"spiffe://example.org/service/*=*"};
    return *security::Gate::make(std::move(options));
}

} // namespace

TEST_CASE("an answer over TLS is the answer over plain HTTP", "[http][tls]")
{
    Authority authority;
    ServerWorld world{with_tls(authority, authority.issue_server())};
    const std::string big(300'000, 'x');
    REQUIRE(world
                .post("/v1/streams/deal/1/events",
                      R"({"type":"Opened","data":{"text":")" + big + "\"}}")
                .status == 201);

    const auto got = tls_exchange(world, world.server.port(), {authority.certificate_file()}, ask);

    CHECK(got.failure.empty());
    CHECK(got.version == "TLSv1.3");
    CHECK(got.answer.starts_with("HTTP/1.1 200 OK"));
    CHECK(got.answer.find(big) != std::string::npos);
}

TEST_CASE("old versions, weak ciphers and other protocols are turned away", "[http][tls]")
{
    Authority authority;
    ServerWorld world{with_tls(authority, authority.issue_server())};
    const auto try_with = [&](TlsOffer offer) {
        offer.trusts = authority.certificate_file();
        return tls_exchange(world, world.server.port(), std::move(offer), ask);
    };
    using namespace std::string_literals;

    CHECK(try_with({{}, {}, TLS1_2_VERSION}).version == "TLSv1.2");
    CHECK_FALSE(try_with({{}, {}, TLS1_1_VERSION}).failure.empty());
    CHECK_FALSE(try_with({{}, {}, TLS1_2_VERSION, {}, "AES128-SHA"}).failure.empty());
    CHECK_FALSE(try_with({{}, {}, TLS1_2_VERSION, {}, "ECDHE-ECDSA-AES128-SHA"}).failure.empty());
    CHECK(try_with({{}, {}, 0, "\x02h2\x08http/1.1"s}).protocol == "http/1.1");
    CHECK_FALSE(try_with({{}, {}, 0, "\x02h2"s}).failure.empty());
}

TEST_CASE("plain HTTP to a port of HTTPS is told so", "[http][tls]")
{
    Authority authority;
    ServerWorld world{with_tls(authority, authority.issue_server())};

    const auto answer = world.exchange(ask);

    CHECK(answer.starts_with("HTTP/1.1 400 Bad Request"));
    CHECK_THAT(answer, Catch::Contains("tls_required"));
}

TEST_CASE("a handshake that does not come to an end is ended", "[http][tls]")
{
    Authority authority;
    ServerWorld world{with_tls(authority, authority.issue_server())};

    CHECK(world.exchange("").empty());                               // silent
    CHECK(world.exchange("\x16\x03\x01\x02").empty());               // begun
    CHECK(world.exchange("\x16\x03\x01 no TLS at all").size() < 32); // an alert at most
}

TEST_CASE("the verified certificate is the source of what it appends", "[http][tls]")
{
    Authority authority;
    const auto gate = gate_for({"source=registry-a roles=writer|reader"});
    ServerWorld world{with_tls(authority, authority.issue_server(), ClientCertificates::required)};
    world.services.gate = gate.get();
    const auto client =
        authority.issue_client("registry", "spiffe://example.org/service/registry-a");

    const auto got =
        tls_exchange(world, world.server.port(), {authority.certificate_file(), client},
                     post_text("/v1/streams/deal/1/events", R"({"type":"Opened","data":{}})",
                               "Connection: close\r\n"));

    CHECK(got.answer.starts_with("HTTP/1.1 201"));
    CHECK(world.get("/v1/events").at("/events/0/source") == "registry-a");
}

TEST_CASE("certificates that prove nothing let nobody in", "[http][tls]")
{
    Authority authority;
    Authority stranger{"Other CA"};
    const auto gate = gate_for({"signed-in roles=reader"});
    ServerWorld world{with_tls(authority, authority.issue_server(), ClientCertificates::required)};
    world.services.gate = gate.get();
    const std::string good = "spiffe://example.org/service/a";
    const auto ask_with = [&](std::optional<CertificateFiles> certificate) {
        return tls_exchange(world, world.server.port(),
                            {authority.certificate_file(), std::move(certificate)}, ask);
    };
    const auto issue = [&](auto change) {
        Request request;
        request.uris = {good};
        change(request);
        return authority.issue("client", request);
    };

    SECTION("TLS refuses the connection")
    {
        CHECK(ask_with(std::nullopt).answer.empty());
        CHECK(ask_with(stranger.issue_client("client", good)).answer.empty());
        CHECK(ask_with(issue([](Request& request) { request.ends = -60s; })).answer.empty());
        CHECK(ask_with(issue([](Request& request) { request.begins = 600s; })).answer.empty());
    }
    SECTION("every request is 401")
    {
        const auto status_of = [&](auto change) {
            return ask_with(issue(change)).answer.substr(0, 12);
        };
        CHECK(status_of([](Request&) {}) == "HTTP/1.1 200");
        CHECK(status_of([](Request& request) { request.dns = {"a.example.org"}; }) ==
              "HTTP/1.1 200");
        CHECK(status_of([](Request& request) { request.uris.clear(); }) == "HTTP/1.1 401");
        CHECK(status_of([&](Request& request) { request.uris.push_back(good); }) == "HTTP/1.1 401");
        CHECK(status_of([](Request& request) {
                  request.uris = {"spiffe://example.com/service/a"};
              }) == "HTTP/1.1 401");
        CHECK(status_of([](Request& request) { request.uris = {"https://example.org/a"}; }) ==
              "HTTP/1.1 401");
        CHECK(status_of([](Request& request) { request.may_sign_certificates = true; }) ==
              "HTTP/1.1 401");
    }
}

TEST_CASE("who connected with a certificate is nobody once it has expired", "[http][tls]")
{
    Authority authority;
    const auto gate = gate_for({"signed-in roles=reader"});
    ServerWorld world{with_tls(authority, authority.issue_server(), ClientCertificates::required)};
    world.services.gate = gate.get();
    world.services.feed_options.heartbeat = 20ms;
    const auto client = authority.issue_client("a", "spiffe://example.org/service/a");
    boost::asio::steady_timer later{world.context, 100ms};
    later.async_wait([&world](const boost::system::error_code&) { world.clock.shift = 2h; });

    const auto got =
        tls_exchange(world, world.server.port(), {authority.certificate_file(), client},
                     get_text("/v1/feed") + ask); // on one connection

    CHECK(got.answer.starts_with("HTTP/1.1 200 OK"));
    CHECK_THAT(got.answer,
               Catch::Contains("event: certificate-expired\ndata: {\"position\":\"0\"}\n\n"));
    CHECK_THAT(got.answer, Catch::Contains("HTTP/1.1 401 Unauthorized"));
    CHECK_THAT(got.answer, Catch::Contains("certificate has expired"));
}

TEST_CASE("without a certificate, one that is optional is not missed", "[http][tls]")
{
    Authority authority;
    const auto gate = gate_for({"anonymous roles=reader"});
    ServerWorld world{with_tls(authority, authority.issue_server(), ClientCertificates::optional)};
    world.services.gate = gate.get();

    const auto got = tls_exchange(world, world.server.port(), {authority.certificate_file()}, ask);

    CHECK(got.answer.starts_with("HTTP/1.1 200"));
}

TEST_CASE("a new certificate is served to new connections, a broken one is not", "[http][tls]")
{
    Authority authority;
    const auto first = authority.issue_server();
    ServerWorld world{with_tls(authority, first)};
    const auto serial = [&] {
        return tls_exchange(world, world.server.port(), {authority.certificate_file()}, ask).serial;
    };
    REQUIRE(serial() == first.serial);

    const auto second = authority.issue_server();
    world.server.reload_certificates();
    CHECK(serial() == second.serial);

    std::filesystem::copy_file(authority.certificate_file(), second.certificate,
                               std::filesystem::copy_options::overwrite_existing);
    world.server.reload_certificates(); // a certificate and another's key
    CHECK(serial() == second.serial);

    Request expired;
    expired.ends = -1s;
    authority.issue("server", expired);
    world.server.reload_certificates();
    CHECK(serial() == second.serial);

    std::filesystem::remove(second.key);
    world.server.reload_certificates();
    CHECK(serial() == second.serial);
}

TEST_CASE("off loopback a listener needs TLS and a way to sign in", "[http][tls]")
{
    Authority authority;
    const auto server = authority.issue_server();
    struct Row {
        const char* what;
        bool has_tls;
        bool is_plain_anywhere;
        bool has_certificates;
        bool has_tokens;
        const char* remedy; // empty: it starts
    };
    const auto row = GENERATE(
        Row{"nothing", false, false, false, false, "http.tls.certificate_file"},
        Row{"tokens in clear text", false, false, false, true, "http.tls.certificate_file"},
        Row{"TLS for everybody", true, false, false, false, "http.tls.client_certificates"},
        Row{"TLS with certificates", true, false, true, false, ""},
        Row{"TLS with tokens", true, false, false, true, ""},
        Row{"a mesh, for everybody", false, true, false, false, "http.tls.client_certificates"},
        Row{"a mesh, with tokens", false, true, false, true, ""});
    CAPTURE(row.what);
    HttpWorld world;
    auto options = ServerWorld::quick();
    if (row.has_tls) {
        options = with_tls(authority, server,
                           row.has_certificates ? ClientCertificates::required
                                                : ClientCertificates::none);
    }
    options.address = "0.0.0.0";
    options.is_plain_anywhere = row.is_plain_anywhere;
    options.has_authentication = row.has_tokens;
    http::Server front{world.context.get_executor(), options, world.services};

    const auto started = front.start();

    if (*row.remedy == '\0') {
        REQUIRE(started);
        run_task(world.context, front.drain(1s));
    } else {
        REQUIRE(!started);
        CHECK(started.error().code == Errc::forbidden);
        CHECK_THAT(started.error().context, Catch::Contains(row.remedy));
    }
}
