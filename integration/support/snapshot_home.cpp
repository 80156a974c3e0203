#include "integration/support/snapshot_home.hpp"

#include "tests/support/catch.hpp"

#include <map>

namespace sealstream::testing {

SnapshotHome::~SnapshotHome()
{
    stop.request();
    run(wait_for_tasks());
}

Task<void> SnapshotHome::wait_for_tasks()
{
    while (tasks.running() != 0) {
        co_await tasks.wait_idle(std::chrono::seconds{20});
    }
}

void SnapshotHome::append_transfers(std::mt19937_64& random, std::size_t count)
{
    for (std::size_t done = 0; done < count; ++done) {
        append({transfer(static_cast<int>(random() % 100))},
               {"account", std::to_string(random() % 7)});
    }
}

void SnapshotHome::fold(std::vector<Projection> folds)
{
    std::vector<std::string> names;
    for (const Projection& one : folds) {
        names.push_back(one.name);
    }
    const Position head = *run(log.head());
    RunningProjector projector{*this, nullptr, std::move(folds)};
    for (const std::string& name : names) {
        REQUIRE(projector.wait_until_folded(name, head));
    }
}

std::string SnapshotHome::expected_at(Position position)
{
    constexpr std::string_view begin = "{\"amount\":";
    std::map<std::string, int> units;
    for (const IndexedEvent& one : expected_events()) {
        if (one.position <= position && one.event.stream.type == "account") {
            units[one.event.stream.id] += std::stoi(one.event.draft.data.substr(begin.size()));
        }
    }
    std::string text;
    for (const auto& [account, sum] : units) {
        text.append(text.empty() ? "" : " ").append(account).append("=") += std::to_string(sum);
    }
    return text;
}

std::string SnapshotHome::stored_in(const std::string& schema_name)
{
    return value("SELECT coalesce(string_agg(account || '=' || units, ' '"
                 " ORDER BY account COLLATE \"C\"), '') FROM " +
                 sql_name(schema_name) + ".balance");
}

Result<Snapshot> SnapshotHome::take(const std::string& projection)
{
    auto lease = pool.lend();
    SEAL_CHECK(lease.has_value(), "the server answers");
    lease->close_at_return();
    return take_snapshot(**lease, "main", projection, std::chrono::seconds{60});
}

FoldContext SnapshotHome::fold_context()
{
    ProjectorOptions options;
    options.batch_events_max = 50;
    options.batch_wait = std::chrono::milliseconds{20};
    return {log, pool, threads, clock, stop, metrics, &no_faults, options, {}};
}

PastStates& SnapshotHome::states()
{
    if (states_ == nullptr) {
        past_options.folding.batch_events_max = 50;
        states_ = std::make_unique<PastStates>(log, pool, threads, clock, stop, tasks, metrics,
                                               nullptr, past_options);
    }
    return *states_;
}

Result<PastVersion> SnapshotHome::past(Position position)
{
    std::vector<std::string> names{"bank"};
    auto found = run(states().at(std::move(names), position));
    if (!found) {
        return found.error();
    }
    return found->front();
}

std::string SnapshotHome::base_of(Position position)
{
    return value("SELECT base_position FROM sealstream.past_versions WHERE position = $1"
                 " ORDER BY version LIMIT 1",
                 {std::to_string(position.value)});
}

} // namespace sealstream::testing
