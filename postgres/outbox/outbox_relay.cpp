// Invariants
//   1. An event of the outbox is in the log only if its transaction is at or below
//   attempted_through, as committed in
//      Postgres, and then above attempted_after.
//   2. emitted_at is set only for what the log has acknowledged, or what was read in it.
//   3. What this object believes dies with each session; a new one asks Postgres and the log.
//   4. A version that an append expects was read before the last look at what is in the log, and
//   before the last proof of ownership; so a relay that was deposed, or an append that was given up
//   and lands late, fails a condition instead of doubling an event.

#include "postgres/outbox/outbox_relay.hpp"

#include "core/base/log.hpp"

#include <limits>
#include <unordered_set>

namespace sealstream {

namespace {

using State = OutboxStatus::State;

constexpr std::int64_t everything = std::numeric_limits<std::int64_t>::max();
constexpr std::chrono::minutes remove_interval{1};

void report(Level level, std::string_view event, const std::string& ledger, const Error& error)
{
    log(level, event, "outbox",
        {{"ledger", ledger}, {"code", name(error.code)}, {"reason", error.context}});
}

} // namespace

OutboxRelay::OutboxRelay(EventLog& log, OutboxTarget& target, Pool& pool, BlockingPool& threads,
                         const Clock& clock, Stop& stop, OutboxOptions options,
                         OutboxMetrics& metrics)
    : log_{log},
      target_{target},
      pool_{pool},
      threads_{threads},
      clock_{clock},
      stop_{stop},
      options_{std::move(options)},
      metrics_{metrics},
      backoff_{options_.retry},
      versions_{log}
{
}

Task<void> OutboxRelay::run()
{
    while (!stop_.requested()) {
        const auto ended = co_await session();
        metrics_.owner(false);
        if (ended || stop_.requested()) {
            continue;
        }
        const Error& failure = ended.error();
        status_.last_error = describe(failure);
        const bool is_deposed = failure.code == Errc::conflict;
        if (!is_deposed && verdict_of(failure.code) != OutboxVerdict::retry) {
            report(Level::error, "outbox.halted", options_.ledger, failure);
            metrics_.halted(true);
            status_.state = State::halted;
            co_return;
        }
        report(Level::warn, "outbox.retrying", options_.ledger, failure);
        metrics_.retried();
        status_.state = State::retrying;
        co_await stop_.sleep_for(backoff_.next());
    }
    status_.state = State::stopped;
}

Task<Result<void>> OutboxRelay::session()
{
    auto lend = [&pool = pool_] { return pool.lend(); };
    SEAL_CO_TRY(lease, co_await threads_.run(std::move(lend)));
    lease.close_at_return(); // it will own a lock
    Connection& connection = *lease;

    SEAL_CO_TRY_VOID(co_await wait_for_ownership(connection));
    if (stop_.requested()) {
        co_return Result<void>{};
    }
    auto claiming = [&connection, &ledger = options_.ledger, incarnation = log_.incarnation()] {
        return claim_outbox(connection, ledger, incarnation);
    };
    SEAL_CO_TRY(claim, co_await threads_.run(std::move(claiming)));
    claim_ = claim;
    singly_through_ = 0;
    surprises_ = 0;
    SEAL_CO_TRY_VOID(co_await recover(connection));
    status_.state = State::relaying;
    metrics_.owner(true);
    metrics_.halted(false);

    while (!stop_.requested()) {
        SEAL_CO_TRY(events, co_await relay_page(connection));
        backoff_.reset();
        status_.last_error.clear();
        SEAL_CO_TRY_VOID(co_await look_after(connection, true));
        if (events == 0) {
            co_await stop_.sleep_for(options_.poll_interval);
        }
    }
    co_return Result<void>{};
}

Task<Result<void>> OutboxRelay::wait_for_ownership(Connection& connection)
{
    while (!stop_.requested()) {
        auto owning = [&connection, &ledger = options_.ledger] {
            return try_own_outbox(connection, ledger);
        };
        SEAL_CO_TRY(is_owner, co_await threads_.run(std::move(owning)));
        if (is_owner) {
            break;
        }
        status_.state = State::standby;
        SEAL_CO_TRY_VOID(co_await look_after(connection, false));
        co_await stop_.sleep_for(options_.standby_poll);
    }
    co_return Result<void>{};
}

Task<Result<void>> OutboxRelay::recover(Connection& connection)
{
    versions_.forget_all();
    auto reading = [&connection, &ledger = options_.ledger, through = claim_.attempted_through] {
        return read_attempted(connection, ledger, through);
    };
    SEAL_CO_TRY(attempted, co_await threads_.run(std::move(reading)));
    if (attempted.empty()) {
        SEAL_CO_TRY(head, co_await log_.head());
        claim_.attempted_after = head;
        co_return Result<void>{};
    }
    std::vector<StreamName> streams;
    for (const AttemptedEvent& event : attempted) {
        streams.push_back(event.stream);
    }
    SEAL_CO_TRY_VOID(co_await versions_.learn(std::move(streams)));
    SEAL_CO_TRY(found, co_await find_in_log(std::move(attempted)));
    if (!found.empty()) {
        log(Level::info, "outbox.found_in_log", "outbox",
            {{"ledger", options_.ledger}, {"events", found.size()}});
    }
    const std::size_t count = found.size();
    co_return co_await stamp(connection, std::move(found), claim_.attempted_through, count);
}

// Reads on from attempted_after, and moves it to where it has read: what comes into the log later
// is above that.
Task<Result<std::vector<Placed>>> OutboxRelay::find_in_log(std::vector<AttemptedEvent> wanted)
{
    std::unordered_set<EventId> ids;
    for (const AttemptedEvent& event : wanted) {
        ids.insert(event.id);
    }
    std::vector<Placed> found;
    SEAL_CO_TRY(head, co_await log_.head());
    while (claim_.attempted_after < head && !stop_.requested()) {
        const ReadLimits limits;
        SEAL_CO_TRY(records, co_await log_.read_from(claim_.attempted_after, limits));
        if (records.empty()) {
            co_return Error{Errc::unavailable, "the log does not show its newest events yet"};
        }
        for (const StoredRecord& stored : records) {
            auto event = decode_record(stored.record);
            if (!event) {
                co_return Error{Errc::corrupt, "position " + std::to_string(stored.position.value) +
                                                   ": " + describe(event.error())};
            }
            if (ids.contains(event->draft.id)) {
                found.push_back(
                    {event->draft.id, std::move(event->stream), stored.position, event->version});
            }
        }
        claim_.attempted_after = records.back().position;
    }
    co_return found;
}

Task<Result<void>> OutboxRelay::look_after(Connection& connection, bool is_owner)
{
    const Monotonic now = clock_.monotonic();
    if (now - lag_measured_ < options_.lag_interval) {
        co_return Result<void>{};
    }
    lag_measured_ = now;
    auto measuring = [&connection, &ledger = options_.ledger] {
        return read_lag(connection, ledger);
    };
    SEAL_CO_TRY(lag, co_await threads_.run(std::move(measuring)));
    metrics_.lag_is(lag);
    if (!is_owner) {
        co_return Result<void>{};
    }
    if (lag.waiting_transactions != 0) {
        // Transactions without events of their own are on no page.
        std::vector<Placed> none;
        SEAL_CO_TRY_VOID(co_await stamp(connection, std::move(none), everything, 0));
    }
    if (now - removed_at_ >= remove_interval) {
        removed_at_ = now;
        auto removing = [&connection, &options = options_] {
            return remove_emitted(connection, options);
        };
        SEAL_CO_TRY(removed, co_await threads_.run(std::move(removing)));
        if (removed == options_.removed_transactions_max) {
            removed_at_ = Monotonic{}; // more are waiting for it
        }
    }
    co_return Result<void>{};
}

} // namespace sealstream
