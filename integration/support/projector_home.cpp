#include "integration/support/projector_home.hpp"

#include <algorithm>
#include <iostream>

namespace sealstream::testing {

namespace {

constexpr std::chrono::milliseconds look_again{2};
constexpr std::size_t batch_events = 200;

// The index keeps neither salt nor hashes.
Event without_proof(Event event)
{
    event.draft.salt = {};
    event.hash.reset();
    event.prev_hash.reset();
    return event;
}

} // namespace

void ProjectorHome::append_random(std::mt19937_64& random, std::size_t count)
{
    for (std::size_t done = 0; done < count;) {
        StreamAppend append{{"deal", std::to_string(random() % 5)}, Expected{}, {}};
        while (append.drafts.size() < batch_events && done < count) {
            append.drafts.push_back(random_event(random).draft);
            ++done;
        }
        std::vector<StreamAppend> batch{std::move(append)};
        SEAL_CHECK(run(log.append(std::move(batch))).has_value(), "random events are valid");
    }
}

void ProjectorHome::append(std::vector<Draft> drafts, const StreamName& stream)
{
    std::vector<StreamAppend> batch{StreamAppend{stream, Expected{}, std::move(drafts)}};
    SEAL_CHECK(run(log.append(std::move(batch))).has_value(), "these events are valid");
}

std::vector<IndexedEvent> ProjectorHome::expected_events()
{
    std::vector<IndexedEvent> expected;
    const auto records =
        run(log.read_from(Position{}, ReadLimits{1'000'000, std::size_t{1} << 32}));
    for (const StoredRecord& record : *records) {
        auto event = decode_record(record.record);
        expected.push_back({record.position, record.ingested, without_proof(*std::move(event))});
    }
    return expected;
}

std::vector<IndexedEvent> ProjectorHome::indexed_events()
{
    std::vector<IndexedEvent> all;
    while (true) {
        EventQuery query;
        query.events_max = 1'000;
        query.after = all.empty() ? Position{} : all.back().position;
        const auto page = run(index.query(query));
        SEAL_CHECK(page.has_value(), "the index answers");
        if (page->empty()) {
            return all;
        }
        all.insert(all.end(), page->begin(), page->end());
    }
}

bool are_equal(const std::vector<IndexedEvent>& left, const std::vector<IndexedEvent>& right)
{
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const IndexedEvent& one, const IndexedEvent& other) {
                          return one.position == other.position && one.ingested == other.ingested &&
                                 one.event == other.event;
                      });
}

RunningProjector::RunningProjector(ProjectorHome& home, FoldFaults* faults,
                                   std::vector<Projection> folds, ProjectorOptions options,
                                   std::optional<SnapshotPolicy> snapshots)
    : home_{home},
      stop_{home.context.get_executor()},
      projector_{home.log, home.pool,          home.threads, home.clock,
                 stop_,    std::move(options), home.metrics, std::move(folds)}
{
    if (faults != nullptr) {
        projector_.set_faults(*faults);
    }
    if (snapshots) {
        projector_.set_snapshots(*snapshots, nullptr);
    }
    home_.tasks.spawn("projector", run());
}

RunningProjector::~RunningProjector()
{
    stop();
}

ProjectorOptions RunningProjector::test_options()
{
    ProjectorOptions options;
    options.batch_events_max = 100; // many batches in little time
    options.batch_wait = std::chrono::milliseconds{20};
    options.standby_poll = std::chrono::milliseconds{10};
    options.head_interval = std::chrono::milliseconds{10};
    options.retry = {std::chrono::milliseconds{5}, std::chrono::milliseconds{50}};
    return options;
}

Task<void> RunningProjector::run()
{
    co_await projector_.run();
    has_ended_ = true;
}

bool RunningProjector::wait_until_folded(Position position, std::chrono::seconds longest)
{
    return wait_until(
        [this, position] {
            const auto owned = projector_.status().projections;
            return !owned.empty() && owned.front().cursor >= position;
        },
        longest);
}

bool RunningProjector::wait_until_folded(const std::string& projection, Position position,
                                         std::chrono::seconds longest)
{
    return wait_until(
        [this, &projection, position] {
            const auto owned = projector_.status().projections;
            return std::any_of(owned.begin(), owned.end(), [&](const ProjectionVersion& one) {
                return one.name == projection && one.cursor >= position;
            });
        },
        longest);
}

bool RunningProjector::wait_until(ProjectorStatus::State state)
{
    return wait_until([this, state] { return projector_.status().state == state; });
}

bool RunningProjector::wait_until(const std::function<bool()>& is_so, std::chrono::seconds longest)
{
    const auto deadline = std::chrono::steady_clock::now() + longest;
    while (std::chrono::steady_clock::now() < deadline) {
        if (is_so()) {
            return true;
        }
        if (has_ended_) {
            break;
        }
        home_.context.restart();
        home_.context.run_one_for(look_again);
    }
    const auto status = projector_.status();
    std::cerr << "the projector is " << name(status.state) << ": " << status.last_error
              << std::endl;
    return false;
}

void RunningProjector::stop()
{
    stop_.request();
    while (!has_ended_) {
        home_.context.restart();
        home_.context.run_one_for(look_again);
    }
}

} // namespace sealstream::testing
