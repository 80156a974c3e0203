#include "audit/service/log_follower.hpp"

#include "audit/service/takeover.hpp"
#include "core/base/log.hpp"

#include <boost/asio/post.hpp>

namespace sealstream {

namespace {

constexpr unsigned unexplained_max = 3;

} // namespace

LogFollower::LogFollower(EventLog& log, const Clock& clock, Stop& stop,
                         const AuditorOptions& options, AuditorMetrics& metrics, Sealer& sealer,
                         BlockWriter& writer)
    : log_{log},
      clock_{clock},
      stop_{stop},
      options_{options},
      metrics_{metrics},
      sealer_{sealer},
      writer_{writer},
      incarnation_{commit_incarnation(log.incarnation())},
      last_leaf_at_{clock.monotonic()}
{
}

void LogFollower::begin(const Signer& signer, const std::optional<RollbackLeaf>& rollback)
{
    const VerifierKey key = signer.verifier();
    if (sealer_.head().key != key) {
        seal(signer.key_leaf(sealer_.head().key));
    }
    if (rollback) {
        log(Level::error, "audit.log_rolled_back", "audit",
            {{"reason", static_cast<std::uint64_t>(rollback->reason)},
             {"covered", rollback->old_covered.value},
             {"head", rollback->head.value}});
        seal(*rollback);
    }
}

void LogFollower::seal(const LeafBody& body)
{
    sealer_.seal(body, clock_.wall());
    metrics_.sealed(class_of(body));
    last_leaf_at_ = clock_.monotonic();
}

Task<Result<void>> LogFollower::run()
{
    while (!stop_.requested() && !writer_.failure()) {
        if (!feed_) {
            feed_ = log_.subscribe_from(sealer_.head().covered);
        }
        auto batch = co_await feed_->next(options_.feed_events_max, options_.feed_wait);
        const auto taken = co_await take(std::move(batch));
        if (!taken) {
            co_return taken.error();
        }
        if (clock_.monotonic() - last_leaf_at_ >= options_.heartbeat_interval) {
            seal(HeartbeatLeaf{incarnation_, sealer_.head().covered});
        }
        writer_.wake();
        // A feed with a full buffer answers without suspending: let the writer have its turn.
        co_await boost::asio::post(stop_.executor(), boost::asio::use_awaitable);
        co_await writer_.wait_for_room();
    }
    co_return Result<void>{};
}

Task<Result<void>> LogFollower::take(Result<FeedBatch> batch)
{
    if (!batch) {
        Error failure = batch.error();
        co_return co_await explain(std::move(failure));
    }
    for (const StoredRecord& stored : batch->records) {
        if (stored.position != sealer_.head().covered.next()) {
            Error failure{Errc::corrupt, "the feed has left something out"};
            co_return co_await explain(std::move(failure));
        }
        seal(body_for(stored, incarnation_));
        unexplained_ = 0;
    }
    co_return Result<void>{};
}

// What a failing feed means: nothing, a hole, or a log that went back.
Task<Result<void>> LogFollower::explain(Error failure)
{
    feed_.reset();
    if (failure.code == Errc::unavailable || failure.code == Errc::timed_out ||
        failure.code == Errc::overloaded) {
        log(Level::warn, "audit.log_unavailable", "audit", {{"why", failure.context}});
        co_await stop_.sleep_for(options_.retry.first);
        co_return Result<void>{};
    }
    if (failure.code != Errc::corrupt || ++unexplained_ > unexplained_max) {
        co_return failure;
    }
    const Position covered = sealer_.head().covered;
    const auto rollback = co_await find_rollback(log_, sealer_.head());
    if (!rollback) {
        co_return rollback.error();
    }
    if (*rollback) {
        log(Level::error, "audit.log_rolled_back", "audit",
            {{"covered", covered.value}, {"head", (*rollback)->head.value}});
        seal(**rollback);
        co_return Result<void>{};
    }
    const auto gap = co_await find_gap(log_, covered, options_.gap_events_max);
    if (gap) {
        log(Level::error, "audit.gap", "audit",
            {{"first", gap->first.value}, {"last", gap->last.value}});
        seal(*gap);
        co_return Result<void>{};
    }
    co_return gap.error().code == Errc::not_found ? Result<void>{} : Result<void>{gap.error()};
}

} // namespace sealstream
