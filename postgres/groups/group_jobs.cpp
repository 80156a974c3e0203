#include "postgres/groups/group_jobs.hpp"

#include <algorithm>

namespace sealstream {

namespace {

// The streams that the token holds, if its lease has not run out.
Result<std::vector<StreamWork>> held_by(Connection& connection, const GroupKey& key,
                                        const GroupRow& group, GroupToken token)
{
    SEAL_TRY(works, load_owned(connection, key, token));
    const bool is_stale = token == 0 || works.empty() ||
                          std::any_of(works.begin(), works.end(), [&group](const StreamWork& work) {
                              return work.leased_until <= group.now;
                          });
    if (is_stale) {
        return Error{Errc::refused, "the lease of token " + std::to_string(token) +
                                        " has run out, or all of it is settled"};
    }
    return works;
}

} // namespace

Result<ClaimedWork> claim_work(Connection& connection, const GroupKey& key, std::size_t events_max,
                               std::optional<std::chrono::milliseconds> lease,
                               std::size_t expired_streams_max)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(group, lock_group(connection, key));
    SEAL_TRY(expired, load_expired(connection, key, group.now, expired_streams_max));
    const auto owned = expired;
    for (StreamWork& work : expired) {
        expire(work, group.now, group.deliveries_max);
    }
    SEAL_TRY_VOID(save(connection, key, owned, expired));

    SEAL_TRY(works, load_free(connection, key, group.now, events_max));
    const auto free = works;
    ClaimedWork claimed;
    if (!works.empty()) {
        SEAL_TRY(token, new_token(connection));
        const ClaimLimits limits{events_max, lease.value_or(group.lease)};
        claimed.token = token;
        claimed.leased_until = group.now + limits.lease;
        claimed.events = claim(works, group.now, token, limits);
        SEAL_TRY_VOID(save(connection, key, free, works));
    }
    SEAL_TRY_VOID(transaction.commit());
    return claimed;
}

Result<std::size_t> acknowledge_work(Connection& connection, const GroupKey& key, GroupToken token,
                                     std::optional<Position> through)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(group, lock_group(connection, key));
    SEAL_TRY(works, held_by(connection, key, group, token));
    const auto before = works;
    std::size_t count = 0;
    for (StreamWork& work : works) {
        count += acknowledge(work, through.value_or(work.delivered_through));
    }
    SEAL_TRY_VOID(save(connection, key, before, works));
    SEAL_TRY_VOID(transaction.commit());
    return count;
}

Result<std::vector<StreamName>> return_work(Connection& connection, const GroupKey& key,
                                            GroupToken token, const GroupReturn& what)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(group, lock_group(connection, key));
    SEAL_TRY(works, held_by(connection, key, group, token));
    if (what.stream) {
        std::erase_if(works,
                      [&what](const StreamWork& work) { return work.stream != *what.stream; });
        if (works.empty()) {
            return Error{Errc::refused, what.stream->to_string() + " is not in this claim"};
        }
    }
    const auto before = works;
    std::vector<StreamName> parked;
    for (StreamWork& work : works) {
        give_back(work, group.now, what.nack, group.deliveries_max);
        if (work.is_parked) {
            parked.push_back(work.stream);
        }
    }
    SEAL_TRY_VOID(save(connection, key, before, works));
    SEAL_TRY_VOID(transaction.commit());
    return parked;
}

Result<GroupTime> extend_work(Connection& connection, const GroupKey& key, GroupToken token,
                              std::optional<std::chrono::milliseconds> lease)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(group, lock_group(connection, key));
    SEAL_TRY(works, held_by(connection, key, group, token));
    const auto before = works;
    const GroupTime until = group.now + lease.value_or(group.lease);
    for (StreamWork& work : works) {
        work.leased_until = until;
    }
    SEAL_TRY_VOID(save(connection, key, before, works));
    SEAL_TRY_VOID(transaction.commit());
    return until;
}

Result<void> shorten_work(Connection& connection, const GroupKey& key, GroupToken token,
                          Position through)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(group, lock_group(connection, key));
    SEAL_TRY(works, held_by(connection, key, group, token));
    const auto before = works;
    for (StreamWork& work : works) {
        shorten(work, through);
    }
    SEAL_TRY_VOID(save(connection, key, before, works));
    return transaction.commit();
}

Result<void> unpark_work(Connection& connection, const GroupKey& key, const StreamName& stream,
                         bool is_skipped)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(group, lock_group(connection, key));
    SEAL_TRY(work, load_parked(connection, key, stream));
    const std::vector<StreamWork> before{work};
    if (is_skipped) {
        skip_parked(work);
    } else {
        retry_parked(work);
    }
    const std::vector<StreamWork> after{std::move(work)};
    SEAL_TRY_VOID(save(connection, key, before, after));
    return transaction.commit();
}

Result<void> take_in(Connection& connection, const GroupKey& key, const GroupRow& looked,
                     Position to, const std::vector<FoundEvent>& events)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(group, lock_group(connection, key));
    if (group.cursor != looked.cursor || group.filter != looked.filter) {
        return {};
    }
    SEAL_TRY_VOID(add_events(connection, key, to, events));
    return transaction.commit();
}

} // namespace sealstream
