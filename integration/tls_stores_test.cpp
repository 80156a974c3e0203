// TLS to real servers of NATS and Postgres: what is right gets through, what is wrong does not.

#include "integration/support/nats_server.hpp"
#include "integration/support/postgres_server.hpp"
#include "jetstream/connection.hpp"
#include "jetstream/jetstream_event_log.hpp"
#include "postgres/connection.hpp"
#include "tests/support/authority.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/sample_events.hpp"

#include <pwd.h>
#include <unistd.h>

namespace tls_stores_test {

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

NatsOptions with_tls(const CertificateFiles& server, const Authority& clients)
{
    NatsOptions options;
    options.more_settings = "tls {\n  cert_file: \"" + server.certificate.string() +
                            "\"\n  key_file: \"" + server.key.string() + "\"\n  ca_file: \"" +
                            clients.certificate_file().string() +
                            "\"\n  verify: true\n  timeout: 5\n}\n";
    return options;
}

jetstream::ConnectionOptions reaching(const NatsServers& servers, const std::string& host,
                                      const Authority& trusted)
{
    jetstream::ConnectionOptions options;
    const auto url = servers.url();
    options.url = "tls://" + host + url.substr(url.rfind(':'));
    options.tls_ca_file = trusted.certificate_file();
    return options;
}

void show(jetstream::ConnectionOptions& options, const CertificateFiles& certificate)
{
    options.tls_certificate_file = certificate.certificate;
    options.tls_key_file = certificate.key;
}

Result<void> connect(const jetstream::ConnectionOptions& options)
{
    boost::asio::io_context context{1};
    const auto opened = jetstream::Connection::open(options, context.get_executor());
    if (!opened) {
        return opened.error();
    }
    (*opened)->close();
    context.run_for(50ms);
    return {};
}

Task<Result<Position>> append_and_count(EventLog& log, std::size_t events)
{
    for (std::size_t number = 0; number < events; ++number) {
        StreamAppend append{*StreamName::make("deal", "1"), {}, {}};
        Draft draft = sample_draft(number);
        draft.data = "{\"text\":\"" + std::string(200'000, 'x') + "\"}"; // many records of TLS
        append.drafts.push_back(std::move(draft));
        std::vector<StreamAppend> batch;
        batch.push_back(std::move(append));
        SEAL_CO_TRY_VOID(co_await log.append(std::move(batch)));
    }
    const Position start{};
    const ReadLimits limits{1'000, 64 << 20};
    SEAL_CO_TRY(records, co_await log.read_from(start, limits));
    co_return Position{records.size()};
}

} // namespace

TEST_CASE("the log works over mutual TLS", "[integration][tls]")
{
    if (!NatsServers::is_installed()) {
        std::puts("SKIPPED: no nats-server");
        return;
    }
    Authority authority;
    const NatsServers servers{with_tls(authority.issue_server(), authority)};
    auto options = reaching(servers, "localhost", authority);
    show(options, authority.issue_client("node", "spiffe://example.org/node"));
    boost::asio::io_context context{1};
    const SystemClock clock;
    auto log = run_task(context, jetstream::JetStreamEventLog::open(options, {}, {}, clock,
                                                                    context.get_executor()));
    REQUIRE(log);

    const auto count = run_task(context, append_and_count(**log, 20));

    REQUIRE(count);
    CHECK(count->value == 20);
    (*log)->close();
    log->reset();
    context.restart();
    context.run_for(50ms);
}

TEST_CASE("NATS is not reached with what proves nothing", "[integration][tls]")
{
    if (!NatsServers::is_installed()) {
        std::puts("SKIPPED: no nats-server");
        return;
    }
    Authority authority;
    Authority stranger{"Other CA"};
    const NatsServers servers{with_tls(authority.issue_server(), authority)};
    const auto node = authority.issue_client("node", "spiffe://example.org/node");

    SECTION("all is right")
    {
        auto options = reaching(servers, "localhost", authority);
        show(options, node);
        CHECK(connect(options));
    }
    SECTION("the server is vouched for by nobody we trust")
    {
        auto options = reaching(servers, "localhost", stranger);
        show(options, node);
        CHECK_FALSE(connect(options));
    }
    SECTION("the server has another name")
    {
        Request named;
        named.dns = {"nats.example.org"};
        const NatsServers other{with_tls(authority.issue("other", named), authority)};
        auto options = reaching(other, "localhost", authority);
        show(options, node);
        CHECK_FALSE(connect(options));
    }
    SECTION("we have no certificate")
    {
        CHECK_FALSE(connect(reaching(servers, "localhost", authority)));
    }
    SECTION("our certificate is a stranger's, or has expired")
    {
        auto options = reaching(servers, "localhost", authority);
        show(options, stranger.issue_client("node", "spiffe://example.org/node"));
        CHECK_FALSE(connect(options));
        Request expired;
        expired.ends = -60s;
        show(options, authority.issue("expired", expired));
        CHECK_FALSE(connect(options));
    }
}

TEST_CASE("Postgres is reached only under its verified name", "[integration][tls]")
{
    if (!PostgresServer::is_installed()) {
        std::puts("SKIPPED: no Postgres");
        return;
    }
    Authority authority;
    Authority stranger{"Other CA"};
    Request named;
    named.dns = {"localhost"};
    const auto server = authority.issue("server", named);
    std::filesystem::permissions(server.key, std::filesystem::perms{0600});
    if (::geteuid() == 0) {
        const passwd* const user = ::getpwnam("postgres");
        REQUIRE(user != nullptr);
        REQUIRE(::chown(server.key.c_str(), user->pw_uid, user->pw_gid) == 0);
    }
    PostgresServerOptions settings;
    settings.settings = {"ssl=on", "ssl_cert_file=" + server.certificate.string(),
                         "ssl_key_file=" + server.key.string()};
    const PostgresServer postgres{settings};
    const auto open = [&](const std::string& host, const Authority& trusted) {
        PostgresOptions options;
        options.uri = "host=" + host +
                      " hostaddr=127.0.0.1 port=" + std::to_string(postgres.port()) +
                      " dbname=postgres user=sealstream sslmode=verify-full sslrootcert=" +
                      trusted.certificate_file().string();
        return Connection::open(options).has_value();
    };

    CHECK(open("localhost", authority));
    CHECK_FALSE(open("localhost", stranger));
    CHECK_FALSE(open("db.example.org", authority));
}

} // namespace tls_stores_test
