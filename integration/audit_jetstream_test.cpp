// The auditor and the verifier on real servers: everything is sealed and verifies, also when the
// server or the auditor dies in between.

#include "integration/support/jetstream_under_test.hpp"
#include "integration/support/nats_server.hpp"
#include "jetstream/jetstream_audit_log.hpp"
#include "jetstream/jetstream_event_log.hpp"
#include "tests/audit/service/ledger_fixture.hpp"
#include "tests/support/catch.hpp"

#include <iostream>

namespace audit_jetstream_test {

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 60s;

struct Ledger {
    explicit Ledger(NatsServers& servers) { open(servers); }

    void open(NatsServers& servers)
    {
        jetstream::ConnectionOptions connection;
        connection.url = servers.url();
        auto opened = run_task(context, jetstream::JetStreamEventLog::open(
                                            connection, {}, {}, clock, context.get_executor()));
        REQUIRE(opened.has_value());
        log = *std::move(opened);
        auto audited = run_task(
            context, jetstream::JetStreamAuditLog::open(connection, {}, context.get_executor()));
        REQUIRE(audited.has_value());
        audit = *std::move(audited);
    }

    void append(std::uint64_t events)
    {
        while (events != 0) {
            const std::uint64_t some = std::min<std::uint64_t>(events, 500);
            StreamAppend batch{*StreamName::make("deal", std::to_string(next_ / 500 % 50)), {}, {}};
            for (std::uint64_t at = 0; at < some; ++at) {
                batch.drafts.push_back(sample_draft(next_++));
            }
            std::vector<StreamAppend> batches;
            batches.push_back(std::move(batch));
            REQUIRE(run_task(context, log->append(std::move(batches))).has_value());
            events -= some;
        }
    }

    VerifyReport verify()
    {
        VerifyOptions options;
        options.trusted = {log_key().verifier()};
        return run_task(context, verify_ledger(*log, *audit, options));
    }

    template <class Condition>
    bool run_until(Condition is_met)
    {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        context.restart();
        while (!is_met() && std::chrono::steady_clock::now() < deadline) {
            context.run_one_for(100ms);
        }
        return is_met();
    }

    boost::asio::io_context context{1};
    SystemClock clock;
    std::unique_ptr<jetstream::JetStreamEventLog> log;
    std::unique_ptr<jetstream::JetStreamAuditLog> audit;

private:
    std::uint64_t next_{1};
};

double rate(std::uint64_t events, std::chrono::steady_clock::time_point since)
{
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - since;
    return static_cast<double>(events) / took.count();
}

} // namespace

TEST_CASE("a log on JetStream is sealed on JetStream, and verifies", "[integration][audit]")
{
    if (is_skipped()) {
        return;
    }
    constexpr std::uint64_t events = 100'000;
    NatsServers servers;
    Ledger ledger{servers};
    ledger.append(events);

    auto begin = std::chrono::steady_clock::now();
    AuditorLife life{ledger.context, *ledger.log, *ledger.audit, ledger.clock, AuditorOptions{}};
    life.run_until_sealed();
    std::cout << "sealed and signed " << rate(events, begin) << " events/s\n";
    begin = std::chrono::steady_clock::now();
    const VerifyReport report = ledger.verify();
    std::cout << "verified " << rate(events, begin) << " events/s\n";

    CHECK(life.auditor.status().state == AuditorState::idle);
    CHECK(report.findings_total == 0);
    CHECK(report.verdict == Verdict::ok);
    CHECK(report.events == events);
    CHECK(report.signed_to == Position{events});
}

TEST_CASE("when the server is killed under the auditor, nothing is lost, doubled or forked",
          "[integration][audit]")
{
    if (is_skipped()) {
        return;
    }
    NatsServers servers;
    Ledger ledger{servers};
    ledger.append(20'000);
    AuditorOptions options;
    options.checkpoint_events = 1'000;
    AuditorLife life{ledger.context, *ledger.log, *ledger.audit, ledger.clock, options};
    life.start();

    for (int round = 0; round < 3; ++round) {
        const std::uint64_t before = life.auditor.status().tree_size;
        REQUIRE(ledger.run_until([&] { return life.auditor.status().tree_size > before; }));
        servers.kill();
        servers.start();
        REQUIRE(ledger.run_until(
            [&] { return life.auditor.status().state == AuditorState::following; }));
        REQUIRE(ledger.run_until([&] { return ledger.log->status().is_connected; }));
        ledger.append(5'000);
    }
    life.run_until_sealed();

    const VerifyReport report = ledger.verify();
    INFO((report.findings.empty() ? std::string{} : describe(report.findings.front())));
    CHECK(life.auditor.status().state == AuditorState::idle);
    CHECK(report.verdict == Verdict::ok);
    CHECK(report.events == 35'000);
    CHECK(report.unsealed == 0);
}

} // namespace audit_jetstream_test
