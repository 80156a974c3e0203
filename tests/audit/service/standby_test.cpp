#include "audit/service/standby.hpp"
#include "tests/audit/service/ledger_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

constexpr StandbyOptions watchful{10s, 1ms};

// Lets a standby look several times; its clock stands still meanwhile.
Task<void> look_around(LedgerFixture& ledger)
{
    boost::asio::steady_timer timer{ledger.context};
    timer.expires_after(20ms);
    co_await timer.async_wait(boost::asio::use_awaitable);
}

} // namespace

TEST_CASE("a deposed auditor stands by while another seals, and goes on when that one is silent",
          "[audit][service]")
{
    CapturedLog captured;
    LedgerFixture ledger;
    AuditorLife first{ledger.context, ledger.log, ledger.audit, ledger.clock};
    AuditorLife second{ledger.context, ledger.log, ledger.audit, ledger.clock};
    TaskGroup standby{ledger.context.get_executor()};
    standby.spawn("standby",
                  run_or_stand_by(first.auditor, ledger.audit, ledger.clock, first.stop, watchful));
    ledger.append(10);
    ledger.run_until([&] { return first.auditor.status().covered == Position{10}; });
    second.start();
    ledger.append(10);
    ledger.run_until([&] { return first.auditor.status().state == AuditorState::deposed; });
    const auto deposing_epoch = second.auditor.status().epoch;

    // The other lives: however late it gets, each of its entries is a sign of that.
    for (int step = 0; step < 4; ++step) {
        ledger.append(10);
        run_task(ledger.context,
                 second.until_covered(*run_task(ledger.context, ledger.log.head())));
        run_task(ledger.context, look_around(ledger));
        ledger.clock.advance(9s);
        run_task(ledger.context, look_around(ledger));
        CHECK(first.auditor.status().state == AuditorState::deposed);
    }

    second.run_until_sealed(); // and ends
    ledger.append(10);
    run_task(ledger.context, look_around(ledger));
    CHECK(first.auditor.status().state == AuditorState::deposed);
    ledger.clock.advance(11s);
    ledger.run_until([&] { return first.auditor.status().covered == Position{70}; });

    CHECK(first.auditor.status().epoch > deposing_epoch);
    first.stop.request();
    ledger.run_until([&] { return standby.running() == 0; });
    const VerifyReport report = ledger.verify();
    CHECK(report.verdict == Verdict::ok);
    CHECK(report.signed_to == Position{70});
    CHECK(captured.unexpected_errors().empty());
}

TEST_CASE("a standby that is asked to stop does not take over", "[audit][service]")
{
    CapturedLog captured;
    LedgerFixture ledger;
    AuditorLife first{ledger.context, ledger.log, ledger.audit, ledger.clock};
    AuditorLife second{ledger.context, ledger.log, ledger.audit, ledger.clock};
    TaskGroup standby{ledger.context.get_executor()};
    ledger.append(5);
    standby.spawn("standby",
                  run_or_stand_by(first.auditor, ledger.audit, ledger.clock, first.stop, watchful));
    ledger.run_until([&] { return first.auditor.status().covered == Position{5}; });
    second.start();
    ledger.append(5);
    ledger.run_until([&] { return first.auditor.status().state == AuditorState::deposed; });
    second.run_until_sealed();

    first.stop.request();
    ledger.run_until([&] { return standby.running() == 0; });

    CHECK(first.auditor.status().state == AuditorState::deposed);
    CHECK(ledger.verify().verdict == Verdict::ok);
}
