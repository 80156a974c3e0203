#include "postgres/outbox/outbox_plan.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"
#include "tests/support/seed.hpp"

#include <map>
#include <set>

namespace sealstream {

namespace {

using testing::random_generator;
using testing::sample_draft;

OutboxEvent event(std::int64_t commit, std::uint64_t number, const std::string& stream)
{
    return {commit, StreamName{"deal", stream}, sample_draft(number)};
}

std::vector<OutboxEvent> random_events(std::mt19937_64& random, std::size_t count)
{
    std::vector<OutboxEvent> events;
    std::int64_t commit = 1;
    for (std::size_t at = 0; at < count; ++at) {
        events.push_back(event(commit, at, std::to_string(random() % 6)));
        events.back().draft.data = "\"" + std::string(random() % 300, 'x') + "\"";
        commit += random() % 3 == 0 ? 1 : 0;
    }
    return events;
}

struct Logged {
    std::int64_t commit;
    EventId id;
    StreamName stream;
};

// What the log holds after these appends, one after another.
std::vector<Logged> log_of(const std::vector<OutboxAppend>& appends,
                           const std::vector<OutboxEvent>& events)
{
    std::map<EventId, std::int64_t> commits;
    for (const OutboxEvent& known : events) {
        commits.emplace(known.draft.id, known.commit_number);
    }
    std::vector<Logged> logged;
    for (const OutboxAppend& append : appends) {
        for (const StreamAppend& stream : append.batch) {
            for (const Draft& draft : stream.drafts) {
                logged.push_back({commits.at(draft.id), draft.id, stream.stream});
            }
        }
    }
    return logged;
}

// The promise, checked as it is worded: all events once, commits in order, each stream in order, no
// transaction in two appends unless it is beyond the limits, no append beyond them.
std::string broken_promise(const std::vector<OutboxAppend>& appends,
                           const std::vector<OutboxEvent>& events, OutboxLimits limits)
{
    const auto logged = log_of(appends, events);
    if (logged.size() != events.size()) {
        return "events are missing or doubled";
    }
    std::map<StreamName, std::vector<EventId>> in_log;
    std::map<StreamName, std::vector<EventId>> in_outbox;
    for (std::size_t at = 0; at < logged.size(); ++at) {
        if (at != 0 && logged[at].commit < logged[at - 1].commit) {
            return "commits out of order";
        }
        in_log[logged[at].stream].push_back(logged[at].id);
    }
    std::map<std::int64_t, std::pair<std::size_t, std::size_t>> sizes; // events and bytes
    for (const OutboxEvent& known : events) {
        in_outbox[known.stream].push_back(known.draft.id);
        sizes[known.commit_number].first += 1;
        sizes[known.commit_number].second += size_of(known);
    }
    if (in_log != in_outbox) {
        return "a stream out of order";
    }
    std::map<std::int64_t, int> appends_of;
    for (const OutboxAppend& append : appends) {
        std::size_t count = 0;
        std::set<StreamName> streams;
        for (const StreamAppend& stream : append.batch) {
            count += stream.drafts.size();
            streams.insert(stream.stream);
        }
        if (count == 0 || count > limits.append_events_max ||
            streams.size() != append.batch.size()) {
            return "an append that no log takes";
        }
        for (auto commit = append.first_commit; commit <= append.last_commit; ++commit) {
            ++appends_of[commit];
        }
    }
    for (const auto& [commit, size] : sizes) {
        const bool is_beyond =
            size.first > limits.append_events_max || size.second > limits.append_bytes_max;
        if (appends_of[commit] != 1 && !is_beyond) {
            return "a transaction is not one append";
        }
    }
    return {};
}

} // namespace

TEST_CASE("transactions of the outbox become appends that keep their order and wholeness",
          "[outbox][property]")
{
    auto random = random_generator(601);
    std::size_t wrong = 0;
    std::size_t shared = 0;
    for (int round = 0; round < 2'000; ++round) {
        const auto events = random_events(random, 1 + random() % 40);
        const OutboxLimits limits{1 + random() % 12, 500 + random() % 4'000};

        const auto together = plan_outbox(events, false, limits);
        const auto singly = plan_outbox_singly(events, false, limits);

        for (const auto* appends : {&together, &singly}) {
            const auto broken = broken_promise(*appends, events, limits);
            if (!broken.empty()) {
                ++wrong;
                UNSCOPED_INFO(broken);
            }
        }
        shared += singly.size() - together.size();
        for (const OutboxAppend& append : singly) {
            wrong += append.first_commit == append.last_commit ? 0U : 1U;
        }
    }
    CHECK(wrong == 0);
    CHECK(shared > 1'000);
}

TEST_CASE("transactions share an append only when no stream is in two of them", "[outbox]")
{
    const std::vector<OutboxEvent> apart{event(1, 1, "a"), event(2, 2, "b"), event(3, 3, "c")};
    const std::vector<OutboxEvent> touching{event(1, 1, "a"), event(1, 2, "b"), event(2, 3, "b")};

    REQUIRE(plan_outbox(apart, false).size() == 1);
    CHECK(plan_outbox(apart, false).front().last_commit == 3);
    CHECK(plan_outbox(touching, false).size() == 2);
}

TEST_CASE("the last transaction of a cut page waits for its rest", "[outbox]")
{
    const std::vector<OutboxEvent> two{event(1, 1, "a"), event(2, 2, "b"), event(2, 3, "c")};
    const std::vector<OutboxEvent> one{event(2, 2, "b"), event(2, 3, "c")};

    const auto left = plan_outbox(two, true);
    REQUIRE(left.size() == 1);
    CHECK(left.front().last_commit == 1);
    const auto alone = plan_outbox(one, true); // larger than a page: it would wait for ever
    REQUIRE(alone.size() == 1);
    CHECK(alone.front().batch.size() == 2);
    CHECK(plan_outbox({}, true).empty());
}

TEST_CASE("only refusals that are final park a transaction", "[outbox]")
{
    for (std::size_t code = 0; code < errc_count; ++code) {
        const auto refusal = static_cast<Errc>(code);
        INFO(name(refusal));
        const bool is_parked = verdict_of(refusal) == OutboxVerdict::park;
        CHECK_FALSE((is_parked && info(refusal).is_retryable));
        CHECK((verdict_of(refusal) == OutboxVerdict::retry) == info(refusal).is_retryable);
    }
    CHECK(verdict_of(Errc::key_reuse) == OutboxVerdict::park);
    CHECK(verdict_of(Errc::emission_refused) == OutboxVerdict::park);
    CHECK(verdict_of(Errc::outcome_unknown) == OutboxVerdict::retry);
    for (const Errc ours : {Errc::corrupt, Errc::unsupported, Errc::internal}) {
        CHECK(verdict_of(ours) == OutboxVerdict::halt);
    }
}

TEST_CASE("only an id of its own transaction's key is the outbox's own", "[outbox]")
{
    const auto draft = [](std::string key) {
        Draft made;
        made.source = "ledger";
        made.key = std::move(key);
        made.id = id_of_key(made.source, made.key);
        return made;
    };
    const auto is_of_transaction = [](const Draft& one) {
        return is_id_of_transaction(one, "5e0c1d2a", "771");
    };

    CHECK(is_of_transaction(draft("ledger-tx-ledger@5e0c1d2a-771")));
    CHECK(is_of_transaction(draft("ledger-tx-ledger@5e0c1d2a-771#12")));
    for (const char* const key :
         {"", "order-1", "ledger-tx-5e0c1d2a-771", "ledger-tx-ledger@5e0c1d2a-77",
          "ledger-tx-ledger@5e0c1d2a-7710", "ledger-tx-ledger@5e0c1d2b-771",
          "ledger-tx-ledger@5e0c1d2a-771#", "ledger-tx-ledger@5e0c1d2a-771#1a",
          "x-ledger@5e0c1d2a-771", "#1", "771"}) {
        CAPTURE(key);
        CHECK_FALSE(is_of_transaction(draft(key)));
    }
    Draft other_id = draft("ledger-tx-ledger@5e0c1d2a-771");
    other_id.id = sample_draft(1).id;
    CHECK_FALSE(is_of_transaction(other_id));
}

TEST_CASE("an append names the ids that are the application's own", "[outbox]")
{
    std::vector<OutboxEvent> events{event(1, 1, "a"), event(1, 2, "b"), event(2, 3, "c"),
                                    event(3, 4, "a")};
    events[1].is_own_id = true;
    events[3].is_own_id = true;
    const std::vector<EventId> first{events[1].draft.id};
    const std::vector<EventId> second{events[3].draft.id};

    const auto appends = plan_outbox(events, false);

    REQUIRE(appends.size() == 2);
    CHECK(appends[0].own_ids == first);
    CHECK(appends[1].own_ids == second);
}

} // namespace sealstream
