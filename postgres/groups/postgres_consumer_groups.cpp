#include "postgres/groups/postgres_consumer_groups.hpp"

#include "postgres/groups/group_jobs.hpp"
#include "postgres/migrations.hpp"

#include <algorithm>

namespace sealstream {

namespace {

Result<StoredEvent> decoded(const StoredRecord& stored)
{
    auto event = decode_record(stored.record);
    if (!event) {
        return Error{Errc::corrupt, "position " + std::to_string(stored.position.value) + ": " +
                                        describe(event.error())};
    }
    event->is_expired = stored.is_expired;
    return StoredEvent{stored.position, stored.ingested, *std::move(event)};
}

// A node may be asked before any role has made the tables; then this makes them.
Result<bool> make_group(Connection& connection, const std::string& ledger,
                        const GroupDefinition& definition, Position head)
{
    auto made = upsert_group(connection, ledger, definition, head);
    if (!made && made.error().code == Errc::unsupported) {
        const auto migrated = migrate(connection);
        if (!migrated) {
            return migrated.error();
        }
        made = upsert_group(connection, ledger, definition, head);
    }
    return made;
}

struct Looked {
    GroupRow group;
    bool is_full{false};
};

bool is_full(std::uint64_t waiting, std::uint64_t all, const GroupBounds& bounds)
{
    return waiting >= bounds.waiting_events_max ||
           all >= bounds.waiting_events_max + bounds.parked_events_max;
}

} // namespace

Task<Result<bool>> PostgresConsumerGroups::put(GroupDefinition definition)
{
    SEAL_CO_TRY(head, co_await log_.head());
    if (definition.start && *definition.start > head) {
        co_return Error{Errc::malformed, "the log ends before this start", "/start"};
    }
    auto job = [&ledger = options_.ledger, definition = std::move(definition),
                head](Connection& connection) {
        return make_group(connection, ledger, definition, head);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<void>> PostgresConsumerGroups::remove(std::string group)
{
    auto job = [key = GroupKey{options_.ledger, std::move(group)}](Connection& connection) {
        return delete_group(connection, key);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<std::vector<std::string>>> PostgresConsumerGroups::list()
{
    auto job = [&ledger = options_.ledger](Connection& connection) {
        return select_groups(connection, ledger);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<GroupStatus>> PostgresConsumerGroups::get(std::string group)
{
    SEAL_CO_TRY(head, co_await log_.head());
    GroupCounts work;
    auto job = [key = GroupKey{options_.ledger, group},
                &work](Connection& connection) -> Result<GroupRow> {
        SEAL_TRY(row, read_group(connection, key));
        SEAL_TRY(counted, count_work(connection, key));
        work = counted; // the caller waits for us
        return row;
    };
    SEAL_CO_TRY(row, co_await with_connection(threads_, pool_, std::move(job)));
    GroupStatus status;
    status.definition = {std::move(group), std::move(row.filter), std::nullopt, row.lease,
                         row.deliveries_max};
    status.cursor = row.cursor;
    status.waiting_events = work.waiting_events;
    status.leased_streams = work.leased_streams;
    status.parked_streams = work.parked_streams;
    status.is_full = is_full(work.waiting_events, work.all_events, options_.bounds);
    const std::uint64_t beyond = head > row.cursor ? head.value - row.cursor.value : 0;
    status.lag_events = work.waiting_events + beyond;
    if (!work.oldest && beyond != 0) {
        const ReadLimits one{1, 1};
        SEAL_CO_TRY(next, co_await log_.read_from(row.cursor, one));
        if (!next.empty()) {
            work.oldest = next.front().ingested;
        }
    }
    if (work.oldest) {
        const auto age = work.now.nanoseconds - work.oldest->nanoseconds;
        status.lag_seconds = static_cast<double>(std::max<std::int64_t>(age, 0)) / 1e9;
    }
    co_return status;
}

Task<Result<GroupClaim>>
PostgresConsumerGroups::claim(std::string group, std::size_t events_max,
                              std::optional<std::chrono::milliseconds> lease)
{
    const GroupKey key{options_.ledger, group};
    auto job = [key, events_max, lease,
                expired_max = options_.expired_streams_max](Connection& connection) {
        return claim_work(connection, key, events_max, lease, expired_max);
    };
    auto again = job;
    SEAL_CO_TRY(work, co_await with_connection(threads_, pool_, std::move(job)));
    if (work.events.empty()) {
        SEAL_CO_TRY(has_more, co_await look_further(std::move(group)));
        if (has_more) {
            SEAL_CO_TRY(second, co_await with_connection(threads_, pool_, std::move(again)));
            work = std::move(second);
        }
    }
    GroupClaim claimed;
    if (work.events.empty()) {
        co_return claimed;
    }
    std::vector<Position> positions;
    for (const ClaimedEvent& event : work.events) {
        positions.push_back(event.position);
    }
    auto events = co_await read_events(std::move(positions));
    if (!events && info(events.error().code).is_retryable) {
        // An outage of the log is no failure of a consumer. If this fails, too, the lease runs out.
        const auto ignored = co_await shorten_claim(key, work.token, Position{});
        static_cast<void>(ignored);
    }
    if (!events) {
        co_return events.error();
    }
    if (events->size() < work.events.size()) {
        // Before anybody can acknowledge all of the claim.
        SEAL_CO_TRY_VOID(co_await shorten_claim(key, work.token, events->back().position));
    }
    claimed.token = work.token;
    claimed.leased_until = work.leased_until;
    for (std::size_t at = 0; at < events->size(); ++at) {
        claimed.events.push_back({std::move((*events)[at]), work.events[at].delivery});
    }
    co_return claimed;
}

Task<Result<void>> PostgresConsumerGroups::shorten_claim(GroupKey key, GroupToken token,
                                                         Position through)
{
    auto job = [key = std::move(key), token, through](Connection& connection) {
        return shorten_work(connection, key, token, through);
    };
    auto shortened = co_await with_connection(threads_, pool_, std::move(job));
    if (!shortened && shortened.error().code == Errc::refused) {
        co_return Error{Errc::overloaded, "the lease ran out while its events were read"};
    }
    co_return shortened;
}

// Reads on above the group's cursor until something matches, or the log ends.
Task<Result<bool>> PostgresConsumerGroups::look_further(std::string group)
{
    const GroupKey key{options_.ledger, std::move(group)};
    for (std::size_t page = 0; page < options_.pages_max; ++page) {
        auto look = [key, bounds = options_.bounds](Connection& connection) -> Result<Looked> {
            SEAL_TRY(row, read_group(connection, key));
            SEAL_TRY(held, count_held(connection, key, bounds.waiting_events_max,
                                      bounds.waiting_events_max + bounds.parked_events_max));
            return Looked{std::move(row), is_full(held.waiting, held.all, bounds)};
        };
        SEAL_CO_TRY(looked, co_await with_connection(threads_, pool_, std::move(look)));
        if (looked.is_full) {
            co_return false;
        }
        ReadLimits limits;
        limits.events_max = options_.page_events_max;
        SEAL_CO_TRY(records, co_await log_.read_from(looked.group.cursor, limits));
        if (records.empty()) {
            co_return false;
        }
        std::vector<FoundEvent> found;
        for (const StoredRecord& stored : records) {
            auto event = decoded(stored);
            if (!event) {
                co_return event.error();
            }
            if (looked.group.filter.matches(event->event)) {
                found.push_back({std::move(event->event.stream), stored.position, stored.ingested});
            }
        }
        const bool has_found = !found.empty();
        auto take = [key, group = std::move(looked.group), to = records.back().position,
                     found = std::move(found)](Connection& connection) {
            return take_in(connection, key, group, to, found);
        };
        SEAL_CO_TRY_VOID(co_await with_connection(threads_, pool_, std::move(take)));
        if (has_found) {
            co_return true;
        }
    }
    co_return false;
}

// `positions` ascend. Neighbours come with one read. Fewer events, but one, when their records
// would be more than the bound.
Task<Result<std::vector<StoredEvent>>>
PostgresConsumerGroups::read_events(std::vector<Position> positions)
{
    std::vector<StoredEvent> events;
    std::size_t bytes = 0;
    while (events.size() < positions.size()) {
        const Position wanted = positions[events.size()];
        std::size_t together = 1;
        while (events.size() + together < positions.size() &&
               positions[events.size() + together].value <
                   wanted.value + options_.page_events_max) {
            ++together;
        }
        const Position last = positions[events.size() + together - 1];
        ReadLimits limits;
        limits.events_max = last.value - wanted.value + 1;
        const Position before{wanted.value - 1};
        SEAL_CO_TRY(records, co_await log_.read_from(before, limits));
        if (records.empty()) {
            co_return Error{Errc::unavailable,
                            "the log does not show position " + std::to_string(wanted.value)};
        }
        for (const StoredRecord& stored : records) {
            if (events.size() < positions.size() && stored.position == positions[events.size()]) {
                bytes += stored.record.size();
                if (!events.empty() && bytes > options_.bounds.claim_bytes_max) {
                    co_return events;
                }
                auto event = decoded(stored);
                if (!event) {
                    co_return event.error();
                }
                events.push_back(*std::move(event));
            }
        }
    }
    co_return events;
}

Task<Result<std::size_t>> PostgresConsumerGroups::acknowledge(std::string group, GroupToken token,
                                                              std::optional<Position> through)
{
    auto job = [key = GroupKey{options_.ledger, std::move(group)}, token,
                through](Connection& connection) {
        return acknowledge_work(connection, key, token, through);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<std::vector<StreamName>>>
PostgresConsumerGroups::give_back(std::string group, GroupToken token, GroupReturn what)
{
    auto job = [key = GroupKey{options_.ledger, std::move(group)}, token, what = std::move(what)](
                   Connection& connection) { return return_work(connection, key, token, what); };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<GroupTime>>
PostgresConsumerGroups::extend(std::string group, GroupToken token,
                               std::optional<std::chrono::milliseconds> lease)
{
    auto job = [key = GroupKey{options_.ledger, std::move(group)}, token, lease](
                   Connection& connection) { return extend_work(connection, key, token, lease); };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<std::vector<ParkedStream>>> PostgresConsumerGroups::parked(std::string group)
{
    auto job = [key = GroupKey{options_.ledger, std::move(group)},
                most = options_.parked_streams_max](
                   Connection& connection) -> Result<std::vector<ParkedStream>> {
        SEAL_TRY(row, read_group(connection, key)); // not_found
        return select_parked_streams(connection, key, most);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

Task<Result<void>> PostgresConsumerGroups::unpark(std::string group, StreamName stream,
                                                  bool is_skipped)
{
    auto job = [key = GroupKey{options_.ledger, std::move(group)}, stream = std::move(stream),
                is_skipped](Connection& connection) {
        return unpark_work(connection, key, stream, is_skipped);
    };
    co_return co_await with_connection(threads_, pool_, std::move(job));
}

} // namespace sealstream
