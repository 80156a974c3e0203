#include "tests/audit/service/failing_audit_log.hpp"
#include "tests/audit/service/ledger_fixture.hpp"
#include "tests/support/catch.hpp"

#include <set>

using namespace sealstream;
using namespace sealstream::testing;

namespace {

// Every position has exactly one EVENT leaf, and every leaf one place.
void check_one_leaf_each(LedgerFixture& ledger, std::uint64_t events)
{
    std::vector<std::uint64_t> positions;
    std::uint64_t index = 0;
    for (const AuditEntry& stored : ledger.entries()) {
        const auto entry = decode_entry(stored.bytes);
        REQUIRE(entry.has_value());
        if (const auto* block = std::get_if<BlockEntry>(&*entry)) {
            ByteView bundle{block->bundle};
            while (!bundle.empty()) {
                const std::size_t size = read_big_endian<std::uint16_t>(bundle);
                const auto leaf = decode_leaf(bundle.subspan(2, size));
                REQUIRE(leaf.has_value());
                REQUIRE(leaf->index == index++);
                if (const auto* event = std::get_if<EventLeaf>(&leaf->body)) {
                    positions.push_back(event->position.value);
                }
                bundle = bundle.subspan(2 + size);
            }
        }
    }
    REQUIRE(positions.size() == events);
    for (std::uint64_t at = 0; at < events; ++at) {
        REQUIRE(positions[at] == at + 1);
    }
}

} // namespace

TEST_CASE("an auditor seals the whole log, and the verifier agrees", "[audit][service]")
{
    CapturedLog captured;
    LedgerFixture ledger;
    ledger.append(1000);

    ledger.seal();
    const VerifyReport report = ledger.verify();

    CHECK(report.verdict == Verdict::ok);
    CHECK(report.findings.empty());
    CHECK(report.events == 1000);
    CHECK(report.leaves == 1001); // and one for the key
    CHECK(report.tree_size == 1001);
    CHECK(report.signed_to == Position{1000});
    CHECK(report.checkpoints >= 2);
    CHECK(report.epochs == 1);
    CHECK(report.unsealed == 0);
    check_one_leaf_each(ledger, 1000);
    CHECK(captured.unexpected_errors().empty());
}

TEST_CASE("CBOR records and chained streams are sealed and verified too", "[audit][service]")
{
    MemoryLogOptions options;
    options.chain.is_required_everywhere = true;
    options.codec = CodecKind::deterministic_cbor;
    LedgerFixture ledger{options};
    ledger.append(100);

    ledger.seal();
    const VerifyReport report = ledger.verify();

    CHECK(report.verdict == Verdict::ok);
    CHECK(report.events == 100);
}

TEST_CASE("a restarted auditor goes on where the stream ends", "[audit][service]")
{
    LedgerFixture ledger;
    for (int life = 0; life < 10; ++life) {
        ledger.append(7);
        ledger.seal();
    }

    const VerifyReport report = ledger.verify();

    CHECK(report.verdict == Verdict::ok);
    CHECK(report.epochs == 10);
    CHECK(report.tree_size == 71);
    check_one_leaf_each(ledger, 70);
}

TEST_CASE("killed at any call, with any part of an append in, it leaves no fork and no double leaf",
          "[audit][service][fault]")
{
    for (const auto part : {FailingAuditLog::Part::nothing, FailingAuditLog::Part::first_entry,
                            FailingAuditLog::Part::all}) {
        std::size_t calls = 0;
        for (bool was_struck = true; was_struck; ++calls) {
            CapturedLog captured;
            LedgerFixture ledger;
            ledger.append(40);
            ledger.seal();
            ledger.append(120);

            FailingAuditLog failing{ledger.audit};
            failing.die_at(calls, part);
            AuditorLife killed{ledger.context, ledger.log, failing, ledger.clock};
            killed.run_until_sealed();
            was_struck = failing.is_dead();
            const std::string known = ledger.verify().note;
            ledger.append(10);
            ledger.seal();

            VerifyOptions options = ledger.options();
            options.known_note = known;
            const VerifyReport report = ledger.verify(ledger.log, options);
            INFO("call " << calls << ", part " << static_cast<int>(part));
            REQUIRE(report.verdict == Verdict::ok);
            REQUIRE(report.signed_to == Position{170});
            check_one_leaf_each(ledger, 170);
            REQUIRE(captured.unexpected_errors().empty());
        }
        CHECK(calls > 10);
    }
}

TEST_CASE("an answer that was lost is healed by reading the stream again",
          "[audit][service][fault]")
{
    for (const Errc code : {Errc::outcome_unknown, Errc::unavailable, Errc::overloaded}) {
        for (std::size_t call = 0; call < 12; ++call) {
            for (std::size_t entries_in = 0; entries_in < 3; ++entries_in) {
                const bool may_be_in = code == Errc::outcome_unknown;
                if (entries_in != 0 && !may_be_in) {
                    continue;
                }
                CapturedLog captured;
                LedgerFixture ledger;
                ledger.append(150);
                FailingAuditLog failing{ledger.audit};
                failing.fail_once_at(call, code, entries_in);
                AuditorLife life{ledger.context, ledger.log, failing, ledger.clock};

                life.run_until_sealed();

                INFO("call " << call << ", " << name(code) << ", " << entries_in << " in");
                REQUIRE(life.auditor.status().state == AuditorState::idle);
                const VerifyReport report = ledger.verify();
                REQUIRE(report.verdict == Verdict::ok);
                REQUIRE(report.signed_to == Position{150});
                check_one_leaf_each(ledger, 150);
                REQUIRE(captured.unexpected_errors().empty());
            }
        }
    }
}

TEST_CASE("a second auditor takes over, and the first one is deposed and stops", "[audit][service]")
{
    CapturedLog captured;
    LedgerFixture ledger;
    ledger.append(30);
    AuditorLife first{ledger.context, ledger.log, ledger.audit, ledger.clock};
    AuditorLife second{ledger.context, ledger.log, ledger.audit, ledger.clock};
    first.start();
    run_task(ledger.context, first.until_covered(Position{30}));
    second.start();
    ledger.append(30);
    run_task(ledger.context, second.until_covered(Position{60}));
    ledger.append(30);
    run_task(ledger.context, first.until_ended());
    second.run_until_sealed();

    CHECK(first.auditor.status().state == AuditorState::deposed);
    CHECK(second.auditor.status().state == AuditorState::idle);
    const VerifyReport report = ledger.verify();
    CHECK(report.verdict == Verdict::ok);
    CHECK(report.signed_to == Position{90});
    check_one_leaf_each(ledger, 90);
    CHECK(captured.unexpected_errors().empty());
}

TEST_CASE("silence makes heartbeats, which are signed like everything else", "[audit][service]")
{
    LedgerFixture ledger;
    ledger.append(3);
    AuditorLife life{ledger.context, ledger.log, ledger.audit, ledger.clock};
    life.start();
    run_task(ledger.context, life.until_covered(Position{3}));
    for (std::uint64_t size = life.auditor.status().tree_size; size < 8; ++size) {
        ledger.clock.advance(std::chrono::seconds{5});
        ledger.run_until([&] { return life.auditor.status().tree_size > size; });
    }
    life.run_until_sealed();

    const VerifyReport report = ledger.verify();

    CHECK(report.verdict == Verdict::ok);
    CHECK(report.events == 3);
    CHECK(report.tree_size == 8);
}

TEST_CASE("a server that tells an end before what is sealed has not gone back", "[audit][service]")
{
    LedgerFixture ledger;
    ledger.append(20);
    ledger.seal();

    ledger.log.told_head.tell(Position{15});
    ledger.append(2);
    ledger.seal();

    const VerifyReport report = ledger.verify();
    CHECK(report.verdict == Verdict::ok);
    CHECK(report.signed_to == Position{22});
}

TEST_CASE("a log that went back is sealed as such, with an alarm, and goes on", "[audit][service]")
{
    CapturedLog captured;
    captured.expect("audit.log_rolled_back");
    LedgerFixture ledger;
    ledger.append(20);
    ledger.seal();

    SECTION("while nobody looked")
    {
        ledger.log.cut_after(Position{15});
        ledger.append(2);
        ledger.seal();
    }
    SECTION("while the auditor followed")
    {
        AuditorLife life{ledger.context, ledger.log, ledger.audit, ledger.clock};
        life.start();
        ledger.run_until([&] { return life.auditor.status().state == AuditorState::following; });
        ledger.log.cut_after(Position{15});
        ledger.run_until([&] { return captured.count("audit.log_rolled_back") != 0; });
        ledger.append(2);
        life.run_until_sealed();
    }

    const VerifyReport report = ledger.verify();
    CHECK(captured.count("audit.log_rolled_back") == 1);
    CHECK(report.verdict == Verdict::tampered);
    std::multiset<FindingKind> kinds;
    for (const Finding& finding : report.findings) {
        kinds.insert(finding.kind);
    }
    CHECK(kinds.count(FindingKind::rollback_sealed) == 1);
    CHECK(kinds.count(FindingKind::event_replaced) == 2);
    CHECK(kinds.count(FindingKind::event_missing) == 3);
    CHECK(report.signed_to == Position{17});
}

TEST_CASE(
    "a log that lost its end and has grown past it again is noticed by its newest sealed record",
    "[audit][service]")
{
    CapturedLog captured;
    captured.expect("audit.log_rolled_back");
    LedgerFixture ledger;
    ledger.append(20);
    ledger.seal();
    ledger.log.cut_after(Position{18});
    ledger.append(7);

    ledger.seal();
    const VerifyReport report = ledger.verify();

    CHECK(captured.count("audit.log_rolled_back") == 1);
    REQUIRE(report.findings.size() == 3);
    CHECK(report.findings[0].kind == FindingKind::rollback_sealed);
    CHECK(report.findings[0].position == Position{20});
    CHECK(report.findings[1].kind == FindingKind::event_replaced);
    CHECK(report.findings[1].position == Position{19});
    CHECK(report.findings[2].position == Position{20});
    CHECK(report.signed_to == Position{25});
}

TEST_CASE("a log that was made again is sealed from its beginning, with an alarm",
          "[audit][service]")
{
    CapturedLog captured;
    captured.expect("audit.log_rolled_back");
    LedgerFixture ledger;
    ledger.append(20);
    ledger.seal();
    ledger.log.become_another_log();
    ledger.append(5);

    ledger.seal();
    const VerifyReport report = ledger.verify();

    CHECK(report.verdict == Verdict::tampered);
    CHECK(report.events == 5);
    CHECK(report.signed_to == Position{5});
    CHECK(report.findings.front().kind == FindingKind::rollback_sealed);
}

TEST_CASE("an auditor with a stranger's key halts and writes nothing", "[audit][service]")
{
    CapturedLog captured;
    captured.expect("audit.halted");
    LedgerFixture ledger;
    ledger.append(5);
    ledger.seal();
    const auto before = ledger.entries().size();
    AuditorLife stranger{ledger.context,         ledger.log,
                         ledger.audit,           ledger.clock,
                         test_auditor_options(), key_with_seed(log_name, 9)};

    stranger.run_until_sealed();

    CHECK(stranger.auditor.status().state == AuditorState::halted);
    CHECK(ledger.entries().size() == before);
}

TEST_CASE("a new key enters by a KEY leaf and needs its predecessor to be trusted",
          "[audit][service]")
{
    LedgerFixture ledger;
    ledger.append(5);
    ledger.seal();
    ledger.append(5);
    SignerOptions signer;
    signer.predecessors = {log_key().verifier()};
    AuditorLife life{ledger.context,
                     ledger.log,
                     ledger.audit,
                     ledger.clock,
                     test_auditor_options(),
                     key_with_seed(log_name, 9),
                     signer};

    life.run_until_sealed();

    VerifyOptions both = ledger.options();
    both.trusted.push_back(key_with_seed(log_name, 9).verifier());
    CHECK(ledger.verify(ledger.log, both).verdict == Verdict::ok);
    CHECK(ledger.verify(ledger.log, both).tree_size == 12);
    const VerifyReport only_old = ledger.verify();
    CHECK(only_old.verdict == Verdict::undecided);
    CHECK(only_old.findings.front().kind == FindingKind::key_untrusted);
    CHECK(only_old.tree_size == 6);
}
