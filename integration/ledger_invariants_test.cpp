// The judge of the crash tests, judged: a healthy log is left in peace, and each kind of harm is
// seen.

#include "core/event/codec.hpp"
#include "core/event/stream_chain.hpp"
#include "integration/support/ledger_invariants.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

namespace ledger_invariants_test {

using namespace sealstream;
using namespace sealstream::testing;

namespace {

// Four events of two streams, one of them chained, and what clients were told of them.
struct Ledger {
    std::vector<Event> events;
    AppendedByClients appended;

    Ledger()
    {
        add({"deal", "1"}, Version{1});
        add({"note", "1"}, Version{1});
        add({"deal", "1"}, Version{2});
        add({"note", "1"}, Version{2});
    }

    void add(const StreamName& stream, Version version)
    {
        Event event{sample_draft(events.size() + 1), stream, version, {}, {}};
        if (stream.type == "deal") {
            chain(event, version.value == 1 ? chain_start : *events.front().hash);
        }
        appended.acknowledged.push_back(
            {event.draft.id.to_string(), stream.to_string(), events.size() + 1, version.value});
        events.push_back(std::move(event));
    }

    [[nodiscard]] std::vector<StoredRecord> records() const
    {
        std::vector<StoredRecord> all;
        for (const Event& event : events) {
            all.push_back({Position{all.size() + 1}, WallTime{},
                           codec(CodecKind::canonical_json).encode(event)});
        }
        return all;
    }

    [[nodiscard]] std::vector<IndexedEvent> indexed() const
    {
        std::vector<IndexedEvent> all;
        for (Event event : events) {
            event.draft.salt = {};
            event.hash.reset();
            event.prev_hash.reset();
            all.push_back({Position{all.size() + 1}, WallTime{}, std::move(event)});
        }
        return all;
    }

    [[nodiscard]] std::string complaint() const
    {
        const auto broken = broken_log_invariants(records(), appended);
        return broken.empty() ? "" : broken.front();
    }
};

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("nothing is said against a healthy ledger", "[unit]")
{
    const Ledger ledger;
    CHECK(ledger.complaint().empty());
    CHECK(broken_index_invariants(ledger.records(), ledger.indexed()).empty());
}

TEST_CASE("a lost, a doubled, a moved and a refused event are seen in the log", "[unit]")
{
    Ledger lost;
    lost.events.pop_back();
    CHECK(contains(lost.complaint(), "acknowledged, and lost"));

    Ledger doubled;
    doubled.events.push_back(doubled.events.back());
    doubled.events.back().version = Version{3};
    CHECK(contains(doubled.complaint(), "an id that is in the log already"));

    Ledger moved;
    moved.appended.acknowledged.back().position = 3;
    CHECK(contains(moved.complaint(), "was acknowledged at 3"));

    Ledger refused;
    refused.appended.refused.push_back(refused.appended.acknowledged.back().id);
    refused.appended.acknowledged.pop_back();
    CHECK(contains(refused.complaint(), "was refused, and is there"));

    Ledger odd;
    odd.appended.unexpected.emplace_back("500");
    CHECK(odd.complaint() == "500");
}

TEST_CASE("a gap in versions and a broken chain are seen in the log", "[unit]")
{
    Ledger gap;
    gap.events.back().version = Version{3};
    gap.appended.acknowledged.back().version = 3;
    CHECK(contains(gap.complaint(), "follows version 1"));

    Ledger broken_chain;
    chain(broken_chain.events[2], chain_start);
    CHECK(contains(broken_chain.complaint(), "does not continue the chain"));

    Ledger unchained;
    unchained.events[2].hash.reset();
    unchained.events[2].prev_hash.reset();
    CHECK(contains(unchained.complaint(), "against the settings"));

    auto records = Ledger{}.records();
    records.back().position = Position{5};
    CHECK(contains(broken_log_invariants(records, {}).front(), "follows 3"));
}

TEST_CASE("an index that is not the fold of the log is seen", "[unit]")
{
    const Ledger ledger;

    auto shorter = ledger.indexed();
    shorter.pop_back();
    CHECK(broken_index_invariants(ledger.records(), shorter).size() == 1);

    auto changed = ledger.indexed();
    changed[1].event.draft.actor += "x";
    const auto broken = broken_index_invariants(ledger.records(), changed);
    REQUIRE(broken.size() == 1);
    CHECK(contains(broken.front(), "position 2"));
}

} // namespace ledger_invariants_test
