// Whatever somebody does to the records of a sealed log, the verifier names it and goes on.

#include "tests/audit/service/ledger_fixture.hpp"
#include "tests/audit/service/tampered_event_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

struct Named {
    FindingKind kind;
    std::uint64_t position;
    friend bool operator==(const Named&, const Named&) = default;
};

std::ostream& operator<<(std::ostream& out, const Named& named)
{
    return out << name(named.kind) << "@" << named.position;
}

std::vector<Named> named(const VerifyReport& report)
{
    std::vector<Named> all;
    for (const Finding& finding : report.findings) {
        all.push_back({finding.kind, finding.position.value_or(Position{}).value});
    }
    return all;
}

constexpr std::uint64_t events = 200;

struct TamperedLedger : LedgerFixture {
    explicit TamperedLedger(bool is_chained = false)
        : LedgerFixture{MemoryLogOptions{ChainPolicy{is_chained, {}}, CodecKind::canonical_json}}
    {
        append(events);
        seal();
    }
    TamperedEventLog copy() { return {records(), log.incarnation()}; }
    VerifyReport verify_copy(TamperedEventLog& other) { return verify(other, options()); }
};

// The same event with other data: as valid as it was, apart from its hashes.
Bytes edited(const Bytes& record)
{
    Event event = *decode_record(record);
    event.draft.data = R"({"amount":1000000})";
    return codec(CodecKind::canonical_json).encode(event);
}

using enum FindingKind;

} // namespace

TEST_CASE("an untouched copy verifies", "[audit][tamper]")
{
    TamperedLedger ledger;
    TamperedEventLog copy = ledger.copy();

    const VerifyReport report = ledger.verify_copy(copy);

    CHECK(report.verdict == Verdict::ok);
    CHECK(report.events == events);
}

TEST_CASE("a server that tells an end before what is sealed is asked again", "[audit][tamper]")
{
    TamperedLedger ledger;
    TamperedEventLog behind = ledger.copy();
    behind.told_head.tell(Position{events - 7});
    TamperedEventLog empty = ledger.copy();
    empty.told_head.tell(Position{});
    TamperedEventLog shorter = ledger.copy();
    shorter.records().resize(events - 7);
    shorter.told_head.tell(Position{events - 9});

    const VerifyReport whole = ledger.verify_copy(behind);
    const VerifyReport from_nothing = ledger.verify_copy(empty);
    const VerifyReport lost = ledger.verify_copy(shorter);

    CHECK(whole.verdict == Verdict::ok);
    CHECK(whole.events == events);
    CHECK(from_nothing.verdict == Verdict::ok);
    CHECK(from_nothing.events == events);
    CHECK(lost.verdict == Verdict::tampered);
    CHECK(lost.findings_total == 7);
    CHECK(lost.head == Position{events - 7});
}

TEST_CASE("an edited event is named with its id, stream, leaf and both hashes", "[audit][tamper]")
{
    TamperedLedger ledger;
    TamperedEventLog copy = ledger.copy();
    const Event original = *decode_record(copy.at(77).record);
    copy.at(77).record = edited(copy.at(77).record);

    const VerifyReport report = ledger.verify_copy(copy);

    CHECK(report.verdict == Verdict::tampered);
    REQUIRE(named(report) == std::vector<Named>{{event_changed, 77}});
    const Finding& finding = report.findings.front();
    CHECK(finding.event == original.draft.id);
    CHECK(finding.stream == original.stream.to_string());
    CHECK(finding.leaf_index == 77U); // leaf 0 is the key's
    CHECK(finding.expected == commit_record(original.draft.salt, ledger.records()[76].record));
    CHECK(finding.found == commit_record(original.draft.salt, copy.at(77).record));
    CHECK(report.events == events);
}

TEST_CASE("a change to any byte of a record is named", "[audit][tamper][exhaustive]")
{
    TamperedLedger ledger;
    const std::size_t size = ledger.records()[9].record.size();
    for (std::size_t at = 0; at < size; ++at) {
        TamperedEventLog copy = ledger.copy();
        copy.at(10).record[at] ^= std::byte{0x01};

        const VerifyReport report = ledger.verify_copy(copy);

        INFO("byte " << at);
        REQUIRE(report.verdict == Verdict::tampered);
        // A changed id makes it another event, and ids of samples are next to each other.
        const FindingKind kind = report.findings.front().kind;
        REQUIRE((kind == event_changed || kind == event_replaced || kind == event_moved));
        REQUIRE(report.findings.front().position == Position{10});
    }
}

TEST_CASE("a deleted event is named, whether it leaves a hole or not", "[audit][tamper]")
{
    TamperedLedger ledger;
    TamperedEventLog holes = ledger.copy();
    for (const std::size_t position : {1U, 50U, 51U, 200U}) {
        holes.records()[position - 1].reset();
    }
    TamperedEventLog closed_up = ledger.copy();
    closed_up.records().erase(closed_up.records().begin() + 49, closed_up.records().begin() + 51);

    CHECK(named(ledger.verify_copy(holes)) ==
          std::vector<Named>{
              {event_missing, 1}, {event_missing, 50}, {event_missing, 51}, {event_missing, 200}});
    CHECK(named(ledger.verify_copy(closed_up)) ==
          std::vector<Named>{{event_missing, 50}, {event_missing, 51}});
}

TEST_CASE("an inserted event is named", "[audit][tamper]")
{
    TamperedLedger ledger;
    TamperedEventLog copy = ledger.copy();
    StoredRecord inserted = copy.at(1);
    Event event = sample_event(4711);
    inserted.record = codec(CodecKind::canonical_json).encode(event);
    copy.records().insert(copy.records().begin() + 99, inserted);

    const VerifyReport report = ledger.verify_copy(copy);

    CHECK(report.verdict == Verdict::tampered);
    REQUIRE(!report.findings.empty());
    CHECK(named(report).front() == Named{event_inserted, 100});
    for (const Finding& finding : report.findings) { // it does not fit its stream either
        CHECK(finding.position == Position{100});
    }
    CHECK(report.events == events);
}

TEST_CASE("swapped events are both named", "[audit][tamper]")
{
    TamperedLedger ledger;
    for (const std::uint64_t distance : {1U, 2U, 5U, 40U, 150U}) {
        TamperedEventLog copy = ledger.copy();
        std::swap(copy.records()[19], copy.records()[19 + distance]);

        const VerifyReport report = ledger.verify_copy(copy);

        INFO("distance " << distance);
        CHECK(report.verdict == Verdict::tampered);
        std::vector<std::uint64_t> positions;
        for (const Finding& finding : report.findings) {
            if (finding.kind == event_moved || finding.kind == event_replaced) {
                positions.push_back(finding.position->value);
            }
        }
        CHECK(positions == std::vector<std::uint64_t>{20, 20 + distance});
    }
}

TEST_CASE("bytes that are no record any more are named", "[audit][tamper]")
{
    TamperedLedger ledger;
    TamperedEventLog copy = ledger.copy();
    copy.at(5).record = to_bytes("garbage");
    copy.at(6).record.clear();

    CHECK(named(ledger.verify_copy(copy)) ==
          std::vector<Named>{{event_changed, 5}, {event_changed, 6}});
}

TEST_CASE("another time of the log is named", "[audit][tamper]")
{
    TamperedLedger ledger;
    TamperedEventLog copy = ledger.copy();
    copy.at(5).ingested.nanoseconds -= 1;

    CHECK(named(ledger.verify_copy(copy)) == std::vector<Named>{{event_changed, 5}});
}

TEST_CASE("a log that was cut off misses its last events", "[audit][tamper]")
{
    TamperedLedger ledger;
    TamperedEventLog copy = ledger.copy();
    copy.records().resize(events - 3);

    const VerifyReport report = ledger.verify_copy(copy);

    CHECK(named(report) ==
          std::vector<Named>{{event_missing, 198}, {event_missing, 199}, {event_missing, 200}});
    CHECK(ledger.records().size() == events);
}

TEST_CASE("many changes are all counted, and the first ones are named", "[audit][tamper]")
{
    TamperedLedger ledger;
    TamperedEventLog copy = ledger.copy();
    for (std::uint64_t position = 1; position <= events; ++position) {
        copy.at(position).record = edited(copy.at(position).record);
    }
    VerifyOptions options = ledger.options();
    options.findings_max = 10;

    const VerifyReport report = ledger.verify(copy, options);

    CHECK(report.findings.size() == 10);
    CHECK(report.findings_total == events);
}

TEST_CASE("several different changes at once are each named", "[audit][tamper]")
{
    TamperedLedger ledger;
    TamperedEventLog copy = ledger.copy();
    copy.at(180).record = edited(copy.at(180).record);
    copy.records()[150].reset();
    copy.records().erase(copy.records().begin() + 99); // everything behind moves up by one
    copy.at(10).record = edited(copy.at(10).record);

    const std::vector<Named> expected{
        {event_changed, 10}, {event_missing, 100}, {event_missing, 151}, {event_changed, 179}};
    CHECK(named(ledger.verify_copy(copy)) == expected);
}

TEST_CASE("events behind the last leaf are counted, checked, and not silently trusted",
          "[audit][tamper]")
{
    TamperedLedger ledger;
    ledger.append(10);
    VerifyOptions options = ledger.options();
    options.now = ledger.clock.wall();

    CHECK(ledger.verify(ledger.log, options).verdict == Verdict::ok);
    CHECK(ledger.verify(ledger.log, options).unsealed == 10);

    options.now->nanoseconds += std::chrono::nanoseconds{std::chrono::minutes{2}}.count();
    const VerifyReport late = ledger.verify(ledger.log, options);
    CHECK(late.verdict == Verdict::undecided);
    CHECK(named(late) == std::vector<Named>{{unsealed_too_long, 201}});

    TamperedEventLog copy = ledger.copy();
    std::swap(copy.at(202).record, copy.at(207).record); // the same stream: versions go back
    const VerifyReport swapped = ledger.verify_copy(copy);
    CHECK(swapped.verdict == Verdict::tampered);
    CHECK(swapped.findings.front().kind == version_broken);
}

TEST_CASE("a log with bytes that are no record is sealed as such and reported", "[audit][tamper]")
{
    LedgerFixture ledger;
    ledger.append(5);
    ledger.log.replace_record(Position{3}, to_bytes("garbage"));
    ledger.seal();

    const VerifyReport report = ledger.verify();

    REQUIRE(report.verdict == Verdict::tampered);
    CHECK(named(report).front() == Named{not_a_record, 3});
    CHECK(report.events == 5);
}

TEST_CASE("a hole in the log is sealed as a gap, and stays reported", "[audit][tamper]")
{
    CapturedLog captured;
    captured.expect("audit.gap");
    LedgerFixture ledger;
    ledger.append(30);
    TamperedEventLog holed{ledger.records(), ledger.log.incarnation()};
    holed.records()[9].reset();
    holed.records()[10].reset();
    AuditorLife life{ledger.context, holed, ledger.audit, ledger.clock};

    life.run_until_sealed();
    const VerifyReport report = ledger.verify(holed, ledger.options());

    CHECK(captured.count("audit.gap") == 1);
    CHECK(life.auditor.status().covered == Position{30});
    REQUIRE(!report.findings.empty());
    CHECK(named(report).front() == Named{gap_sealed, 10});
    CHECK(report.events == 28);
    // Who fills the hole afterwards is found as well.
    const VerifyReport filled = ledger.verify();
    std::size_t inserted = 0;
    for (const Finding& finding : filled.findings) {
        inserted += finding.kind == event_inserted ? 1U : 0U;
    }
    CHECK(inserted == 2);
}

TEST_CASE("in a chained stream an event with a wrong hash is named even before it is sealed",
          "[audit][tamper]")
{
    TamperedLedger ledger{true};
    REQUIRE(ledger.verify().verdict == Verdict::ok);
    ledger.append(10);
    TamperedEventLog copy = ledger.copy();
    copy.at(205).record = edited(copy.at(205).record);

    const VerifyReport report = ledger.verify_copy(copy);

    CHECK(named(report) == std::vector<Named>{{chain_broken, 205}});
}
