#include "audit/service/leaf_finder.hpp"
#include "audit/service/verify_stream.hpp"
#include "tests/audit/service/ledger_fixture.hpp"
#include "tests/audit/service/tampered_event_log.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

VerifyReport verify_deal(LedgerFixture& ledger, EventLog& log, std::string_view id)
{
    return run_task(ledger.context, verify_stream(log, ledger.audit, *StreamName::make("deal", id),
                                                  ledger.options()));
}

using enum FindingKind;

} // namespace

TEST_CASE("every sealed position is found by bisection, and no other", "[audit][service]")
{
    LedgerFixture ledger;
    for (int life = 0; life < 5; ++life) {
        ledger.append(37);
        ledger.seal();
    }
    LeafFinder finder{ledger.audit};

    for (std::uint64_t position = 1; position <= 185; ++position) {
        const auto leaf = run_task(ledger.context, finder.find(Position{position}));
        REQUIRE(leaf.has_value());
        REQUIRE(leaf->has_value());
        REQUIRE(std::get<EventLeaf>((*leaf)->body).position == Position{position});
    }
    CHECK(!run_task(ledger.context, finder.find(Position{0}))->has_value());
    CHECK(!run_task(ledger.context, finder.find(Position{186}))->has_value());
    MemoryAuditLog empty;
    LeafFinder nothing{empty};
    CHECK(!run_task(ledger.context, nothing.find(Position{1}))->has_value());
}

TEST_CASE("a stream verifies by itself, and its unsealed tail is counted", "[audit][service]")
{
    LedgerFixture ledger{MemoryLogOptions{ChainPolicy{true, {}}, CodecKind::canonical_json}};
    ledger.append(100);
    ledger.seal();
    ledger.append(10);

    const VerifyReport report = verify_deal(ledger, ledger.log, "3");

    CHECK(report.verdict == Verdict::ok);
    CHECK(report.events == 22);
    CHECK(report.unsealed == 2);
    CHECK(report.covered == Position{98});
    CHECK(verify_deal(ledger, ledger.log, "unheard-of").events == 0);
}

TEST_CASE("in one stream too, what was changed or taken out is named", "[audit][tamper]")
{
    LedgerFixture ledger;
    ledger.append(100);
    ledger.seal();
    TamperedEventLog changed{ledger.records(), ledger.log.incarnation()};
    Event event = *decode_record(changed.at(48).record);
    event.draft.actor = "somebody else";
    changed.at(48).record = codec(CodecKind::canonical_json).encode(event);
    TamperedEventLog holed{ledger.records(), ledger.log.incarnation()};
    holed.records()[47].reset();

    const VerifyReport edit = verify_deal(ledger, changed, "3");
    REQUIRE(edit.findings.size() == 1);
    CHECK(edit.findings[0].kind == event_changed);
    CHECK(edit.findings[0].position == Position{48});
    CHECK(edit.verdict == Verdict::tampered);

    const VerifyReport loss = verify_deal(ledger, holed, "3");
    REQUIRE(loss.findings.size() == 1);
    CHECK(loss.findings[0].kind == version_broken);
    CHECK(loss.findings[0].position == Position{53});
    CHECK(verify_deal(ledger, changed, "2").verdict == Verdict::ok);
}

TEST_CASE("a stream whose audit stream does not answer is undecided", "[audit][service]")
{
    LedgerFixture ledger;
    ledger.append(10);
    ledger.seal();
    ledger.audit.fail_next_read(Errc::unavailable);

    const VerifyReport report = verify_deal(ledger, ledger.log, "3");

    CHECK(report.verdict == Verdict::undecided);
    CHECK(report.findings.at(0).kind == store_unreachable);
}
