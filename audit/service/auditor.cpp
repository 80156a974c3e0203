// Invariants
//   1. The audit stream alone says where to go on; every failure leads back to reading it.
//   2. Every position is sealed once, in order, right after the one before; what can not be is a
//   GAP or a
//      ROLLBACK leaf.
//   3. Only the writer appends, and each append names what it follows: a deposed auditor can not
//   write.

#include "audit/service/auditor.hpp"

#include "audit/service/block_writer.hpp"
#include "audit/service/log_follower.hpp"
#include "audit/service/takeover.hpp"
#include "core/base/log.hpp"

namespace sealstream {

std::string_view name(AuditorState state) noexcept
{
    switch (state) {
    case AuditorState::idle:
        return "idle";
    case AuditorState::starting:
        return "starting";
    case AuditorState::following:
        return "following";
    case AuditorState::deposed:
        return "deposed";
    case AuditorState::halted:
        return "halted";
    }
    return {};
}

Auditor::Auditor(EventLog& log, AuditLog& audit, Signer& signer, const Clock& clock, Stop& stop,
                 AuditorOptions options, AuditorMetrics& metrics)
    : log_{log},
      audit_{audit},
      signer_{signer},
      clock_{clock},
      stop_{stop},
      options_{std::move(options)},
      metrics_{metrics}
{
}

Auditor::~Auditor() = default;

Task<void> Auditor::run()
{
    Backoff pause{options_.retry};
    status_.why.clear();
    while (true) {
        status_.state = AuditorState::starting;
        const Monotonic begin = clock_.monotonic();
        const auto ended = co_await follow_log();
        metrics_.active(false);
        if (ended) {
            break;
        }
        report(ended.error());
        if (status_.state != AuditorState::starting) {
            co_return;
        }
        if (stop_.requested() || ended.error().code == Errc::shutting_down) {
            break;
        }
        if (clock_.monotonic() - begin > options_.retry.longest) {
            pause.reset();
        }
        co_await stop_.sleep_for(pause.next());
    }
    status_.state = AuditorState::idle;
}

// Which failures heal by starting over, and which need somebody.
void Auditor::report(const Error& error)
{
    const std::string why = describe(error);
    status_.state = AuditorState::starting;
    if (error.code == Errc::shutting_down) {
        return;
    }
    if (error.code == Errc::conflict) {
        status_.state = AuditorState::deposed;
        status_.why = why;
        log(Level::warn, "audit.deposed", "audit", {{"why", why}});
        return;
    }
    metrics_.failed();
    if (error.code == Errc::capacity) {
        log(Level::error, "audit.stream_full", "audit", {{"why", why}});
        return;
    }
    // A refusing signer or a missing entry may be a matter of who is ahead: taking over again
    // tells.
    if (info(error.code).is_retryable || error.code == Errc::refused ||
        error.code == Errc::not_found) {
        log(Level::warn, "audit.restarts", "audit", {{"why", why}});
        return;
    }
    status_.state = AuditorState::halted;
    status_.why = why;
    log(Level::error, "audit.halted", "audit", {{"why", why}});
}

Task<Result<void>> Auditor::follow_log()
{
    auto head = co_await take_over(audit_, signer_, stop_, options_);
    if (!head) {
        co_return head.error();
    }
    const auto rollback = co_await find_rollback(log_, *head);
    if (!rollback) {
        co_return rollback.error();
    }
    status_.epoch = head->epoch;
    status_.tree_size = head->tree.size();
    status_.covered = head->covered;
    status_.checkpoint_size = head->checkpoint.size;
    metrics_.epoch(head->epoch);
    metrics_.active(true);
    log(Level::info, "audit.epoch_begins", "audit",
        {{"epoch", head->epoch},
         {"tree_size", head->tree.size()},
         {"covered", head->covered.value}});

    Sealer sealer{*head, head->epoch};
    BlockWriter writer{{audit_, signer_, clock_, options_, metrics_, status_},
                       sealer,
                       head->sequence,
                       head->checkpoint.size,
                       stop_.executor()};
    LogFollower follower{log_, clock_, stop_, options_, metrics_, sealer, writer};
    follower.begin(signer_, *rollback);
    status_.state = AuditorState::following;
    writer.start();
    const auto followed = co_await follower.run();
    const auto written = co_await writer.finish();
    co_return written ? followed : written;
}

} // namespace sealstream
