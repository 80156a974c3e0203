// Invariants
//   1. An event retention.expired is in the log only of a key that is destroyed on disk.
//   2. Each destroyed key has one such event: it is appended on top of a tail of its stream in
//   which
//      it was not.
//   3. What this object believes dies with each session.

#include "postgres/retention/expiry_runner.hpp"

#include "core/base/log.hpp"
#include "core/event/codec.hpp"
#include "core/retention/expiry_event.hpp"

namespace sealstream {

namespace {

constexpr int appends_max = 5;                  // of one event whose stream moves meanwhile
constexpr std::uint64_t tail_events_max = 1000; // more than can have been destroyed and not said

} // namespace

ExpiryRunner::ExpiryRunner(EventLog& log, EventIdSource& ids, Pool& pool, BlockingPool& threads,
                           Stop& stop, Rules rules, ExpiryOptions options)
    : log_{log},
      ids_{ids},
      pool_{pool},
      threads_{threads},
      stop_{stop},
      rules_{std::move(rules)},
      options_{std::move(options)},
      backoff_{{std::chrono::milliseconds{100}, std::chrono::milliseconds{10'000}}}
{
}

Task<void> ExpiryRunner::run()
{
    while (!stop_.requested()) {
        const auto ended = co_await session();
        if (ended || stop_.requested()) {
            continue;
        }
        log(Level::warn, "retention.retrying", "retention",
            {{"ledger", options_.ledger}, {"why", describe(ended.error())}});
        co_await stop_.sleep_for(backoff_.next());
    }
}

Task<Result<void>> ExpiryRunner::session()
{
    auto lend = [&pool = pool_] { return pool.lend(); };
    SEAL_CO_TRY(lease, co_await threads_.run(std::move(lend)));
    lease.close_at_return(); // it may own a lock
    Connection& connection = *lease;
    auto owning = [&connection, &ledger = options_.ledger] {
        return try_own_expiry(connection, ledger);
    };
    SEAL_CO_TRY(is_owner, co_await threads_.run(std::move(owning)));
    if (!is_owner) {
        co_await stop_.sleep_for(options_.poll);
        co_return Result<void>{};
    }
    while (!stop_.requested()) {
        SEAL_CO_TRY(is_more_due, co_await round(connection));
        backoff_.reset();
        if (!is_more_due) {
            co_await stop_.sleep_for(options_.poll);
        }
    }
    co_return Result<void>{};
}

// What was left unsaid comes first, so that at most keys_max are destroyed and not said.
Task<Result<bool>> ExpiryRunner::round(Connection& connection)
{
    auto unsaid = [&connection, &options = options_] {
        return untold_payload_keys(connection, options.ledger, options.keys_max);
    };
    SEAL_CO_TRY(untold, co_await threads_.run(std::move(unsaid)));
    for (UntoldKey& key : untold) {
        SEAL_CO_TRY_VOID(co_await tell(connection, std::move(key)));
    }
    if (!untold.empty()) {
        co_return true;
    }
    auto destroying = [&connection, &options = options_, rules = rules_()] {
        return destroy_payload_keys(connection, options.ledger, *rules, options.keys_max);
    };
    SEAL_CO_TRY(destroyed, co_await threads_.run(std::move(destroying)));
    co_return destroyed != 0;
}

Task<Result<void>> ExpiryRunner::tell(Connection& connection, UntoldKey key)
{
    UntoldKey asked = key;
    SEAL_CO_TRY(position, co_await position_of(std::move(asked)));
    auto marking = [&connection, &ledger = options_.ledger, name = key.name, at = position] {
        return mark_told(connection, ledger, name, at);
    };
    SEAL_CO_TRY_VOID(co_await threads_.run(std::move(marking)));
    log(Level::info, "retention.expired", "retention",
        {{"ledger", options_.ledger}, {"key", key.name}, {"position", position.value}});
    co_return Result<void>{};
}

// Where the log says it: found there, or appended.
Task<Result<Position>> ExpiryRunner::position_of(UntoldKey key)
{
    SEAL_CO_TRY(stream, expiry_stream(key.name));
    for (int tries = 1;; ++tries) {
        SEAL_CO_TRY(head, co_await log_.stream_head(stream));
        const std::uint64_t version = head.version.value;
        const Version after{version > tail_events_max ? version - tail_events_max : 0};
        const ReadLimits limits{static_cast<std::size_t>(tail_events_max), std::size_t{4} << 20};
        SEAL_CO_TRY(tail, co_await log_.read_stream(stream, after, limits));
        for (const StoredRecord& record : tail) {
            SEAL_CO_TRY(event, decode_record(record.record));
            if (expired_key(event) == key.name) {
                co_return record.position;
            }
        }
        const Version reached{after.value + tail.size()};
        SEAL_CO_TRY(through, co_await log_.head());
        SEAL_CO_TRY(draft, expiry_draft(ids_.next(), key.name, key.destroyed, through));
        const Expected::Kind kind =
            reached.value == 0 ? Expected::Kind::absent : Expected::Kind::version;
        StreamAppend append{stream, {kind, reached}, {}};
        append.drafts.push_back(std::move(draft));
        AppendRequest request;
        request.appends.push_back(std::move(append));
        const auto appended = co_await log_.append(std::move(request));
        if (appended) {
            co_return appended->events.front().position;
        }
        if (appended.error().code != Errc::conflict || tries == appends_max) {
            co_return appended.error();
        }
    }
}

} // namespace sealstream
