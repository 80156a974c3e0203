#include "postgres/outbox/stream_versions.hpp"

#include "core/async/task_group.hpp"
#include "core/base/check.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::size_t reads_at_once = 32;
constexpr std::chrono::seconds report_interval{30}; // each read is bounded by the log itself

} // namespace

Task<Result<void>> StreamVersions::learn(std::vector<StreamName> streams)
{
    std::vector<StreamName> wanted = std::move(streams);
    std::erase_if(wanted, [this](const StreamName& name) { return known_.contains(name); });
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    Result<void> outcome;
    TaskGroup readers{co_await boost::asio::this_coro::executor};
    for (auto count = std::min(wanted.size(), reads_at_once); count > 0; --count) {
        readers.spawn("outbox stream heads", read(wanted, outcome));
    }
    std::size_t running = 0;
    do {
        running = co_await readers.wait_idle(report_interval);
    } while (running != 0);
    co_return outcome;
}

Task<void> StreamVersions::read(std::vector<StreamName>& wanted, Result<void>& outcome)
{
    while (!wanted.empty() && outcome) {
        const StreamName stream = std::move(wanted.back());
        wanted.pop_back();
        const auto head = co_await log_.stream_head(stream);
        if (!head) {
            outcome = with_context(head.error(), stream.to_string());
            co_return;
        }
        known_[stream] = head->version;
    }
}

void StreamVersions::expect(std::vector<StreamAppend>& batch) const
{
    for (StreamAppend& append : batch) {
        const auto found = known_.find(append.stream);
        SEAL_CHECK(found != known_.end(), "the version of a stream is read before its append");
        append.expected = found->second.value == 0
                              ? Expected{Expected::Kind::absent, {}}
                              : Expected{Expected::Kind::version, found->second};
    }
}

void StreamVersions::appended(const Appended& answer)
{
    for (const Placed& placed : answer.events) {
        known_[placed.stream] = placed.version;
    }
}

} // namespace sealstream
