#include "integration/support/ledger_invariants.hpp"

#include "core/event/codec.hpp"
#include "core/event/stream_chain.hpp"
#include "integration/support/ledger_view.hpp"
#include "tests/support/catch.hpp"

#include <unordered_map>
#include <unordered_set>

namespace sealstream::testing {

namespace {

// Texts instead of assertions: thousands of events are checked, and few should speak.
using Broken = std::vector<std::string>;

std::string at(const StoredEvent& event)
{
    return "position " + std::to_string(event.position.value) + ", " +
           event.event.stream.to_string() + " version " +
           std::to_string(event.event.version.value) + ": ";
}

std::vector<StoredEvent> decode_all(const std::vector<StoredRecord>& records, Broken& broken)
{
    std::vector<StoredEvent> events;
    for (const StoredRecord& record : records) {
        auto event = decode_record(record.record);
        if (event) {
            events.push_back({record.position, record.ingested, *std::move(event)});
        } else {
            broken.push_back("position " + std::to_string(record.position.value) + ": " +
                             describe(event.error()));
        }
    }
    return events;
}

void check_order(const std::vector<StoredEvent>& events, Broken& broken)
{
    std::map<StreamName, StreamHead> heads;
    Position last{};
    for (const StoredEvent& event : events) {
        if (event.position.value != last.value + 1) {
            broken.push_back(at(event) + "follows " + std::to_string(last.value));
        }
        last = event.position;
        StreamHead& head = heads[event.event.stream];
        if (event.event.version.value != head.version.value + 1) {
            broken.push_back(at(event) + "follows version " + std::to_string(head.version.value));
        }
        const bool must_be_chained = event.event.stream.type == "deal";
        if (event.event.hash.has_value() != must_be_chained) {
            broken.push_back(at(event) + "is chained, or is not, against the settings");
        }
        if (must_be_chained && event.event.hash) {
            if (!check_chain(event.event, head.hash)) {
                broken.push_back(at(event) + "does not continue the chain");
            }
            head.hash = *event.event.hash;
        }
        head.version = event.event.version;
    }
}

void check_acknowledged(const std::vector<StoredEvent>& events, const AppendedByClients& appended,
                        Broken& broken)
{
    std::unordered_map<std::string, const StoredEvent*> by_id;
    for (const StoredEvent& event : events) {
        if (!by_id.emplace(event.event.draft.id.to_string(), &event).second) {
            broken.push_back(at(event) + "has an id that is in the log already");
        }
    }
    for (const AcknowledgedEvent& event : appended.acknowledged) {
        const auto found = by_id.find(event.id);
        if (found == by_id.end()) {
            broken.push_back("acknowledged, and lost: " + event.id + " at " +
                             std::to_string(event.position));
            continue;
        }
        const StoredEvent& stored = *found->second;
        if (stored.position.value != event.position ||
            stored.event.version.value != event.version ||
            stored.event.stream.to_string() != event.stream) {
            broken.push_back(at(stored) + "was acknowledged at " + std::to_string(event.position) +
                             ", " + event.stream + " version " + std::to_string(event.version));
        }
    }
    for (const std::string& id : appended.refused) {
        if (by_id.contains(id)) {
            broken.push_back(at(*by_id.at(id)) + "was refused, and is there");
        }
    }
}

std::string joined(const Broken& broken)
{
    constexpr std::size_t shown_max = 20;
    std::string text = std::to_string(broken.size()) + " broken";
    for (std::size_t number = 0; number < std::min(broken.size(), shown_max); ++number) {
        text += "\n  " + broken[number];
    }
    return text;
}

} // namespace

Broken broken_log_invariants(const std::vector<StoredRecord>& records,
                             const AppendedByClients& appended)
{
    Broken broken = appended.unexpected;
    const auto events = decode_all(records, broken);
    check_order(events, broken);
    check_acknowledged(events, appended, broken);
    return broken;
}

Broken broken_index_invariants(const std::vector<StoredRecord>& records,
                               const std::vector<IndexedEvent>& indexed)
{
    Broken broken;
    const auto events = decode_all(records, broken);
    if (events.size() != indexed.size()) {
        broken.push_back("the index has " + std::to_string(indexed.size()) + " events, the log " +
                         std::to_string(events.size()));
        return broken;
    }
    for (std::size_t number = 0; number < events.size(); ++number) {
        Event expected = events[number].event;
        expected.draft.salt = {}; // the index keeps neither salt nor hashes
        expected.hash.reset();
        expected.prev_hash.reset();
        const IndexedEvent& found = indexed[number];
        if (found.position != events[number].position ||
            found.ingested != events[number].ingested || !(found.event == expected)) {
            broken.push_back(at(events[number]) + "is otherwise in the index");
        }
    }
    return broken;
}

void check_ledger_invariants(Cluster& cluster, const AppendedByClients& appended)
{
    cluster.wait_until_caught_up();

    LedgerView view{cluster};
    const auto records = view.records();
    const Broken log_broken = broken_log_invariants(records, appended);
    const Broken index_broken = broken_index_invariants(records, view.indexed());
    INFO("log: " << joined(log_broken) << "\nindex: " << joined(index_broken));
    CHECK(log_broken.empty());
    CHECK(index_broken.empty());

    const auto verified = cluster.verify();
    INFO(verified.output << verified.log);
    REQUIRE(verified.exit_code == 0);
    const auto report = json_of(verified);
    CHECK(report.at("verdict").as_string() == "ok");
    CHECK(report.at("events").to_number<std::size_t>() == records.size());
    CHECK(report.at("unsealed").to_number<std::size_t>() == 0);
    CHECK(report.at("findings").as_array().empty());

    const auto rebuilt = cluster.run({"projection", "rebuild", "--json"});
    INFO(rebuilt.output << rebuilt.log);
    CHECK(rebuilt.exit_code == 0);
    CHECK(json_of(rebuilt).at("was_active").as_bool());
    CHECK(json_of(rebuilt).at("is_equal").as_bool());

    // An error line means that a person must act; whoever was killed has come back by itself.
    for (const std::string& line : cluster.error_lines()) {
        UNSCOPED_INFO(line);
    }
    CHECK(cluster.error_lines() == std::vector<std::string>{});
}

} // namespace sealstream::testing
