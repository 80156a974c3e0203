#include "core/groups/group_rules.hpp"

#include <algorithm>

namespace sealstream {

namespace {

void release(StreamWork& work)
{
    work.owner = 0;
    work.leased_until = {};
    work.delivered_through = {};
}

std::size_t delivered(const StreamWork& work)
{
    const auto end =
        std::upper_bound(work.events.begin(), work.events.end(), work.delivered_through);
    return static_cast<std::size_t>(end - work.events.begin());
}

void fail(StreamWork& work, std::string reason, unsigned deliveries_max)
{
    release(work);
    work.reason = std::move(reason);
    work.is_parked = work.deliveries >= deliveries_max;
}

} // namespace

bool expire(StreamWork& work, GroupTime now, unsigned deliveries_max)
{
    if (work.owner == 0 || work.leased_until > now) {
        return false;
    }
    fail(work, "the lease ran out", deliveries_max);
    return true;
}

bool is_free(const StreamWork& work, GroupTime now)
{
    return work.owner == 0 && !work.is_parked && work.not_before <= now && !work.events.empty();
}

std::vector<ClaimedEvent> claim(std::vector<StreamWork>& works, GroupTime now, GroupToken token,
                                const ClaimLimits& limits)
{
    std::vector<StreamWork*> free;
    for (StreamWork& work : works) {
        if (is_free(work, now)) {
            free.push_back(&work);
        }
    }
    std::sort(free.begin(), free.end(), [](const StreamWork* left, const StreamWork* right) {
        return left->events.front() < right->events.front();
    });
    std::vector<ClaimedEvent> claimed;
    for (StreamWork* const work : free) {
        if (claimed.size() == limits.events_max) {
            break;
        }
        const bool has_failed = work->deliveries > 0;
        const std::size_t count =
            has_failed ? 1 : std::min(work->events.size(), limits.events_max - claimed.size());
        ++work->deliveries;
        work->owner = token;
        work->leased_until = now + limits.lease;
        work->not_before = {};
        work->delivered_through = work->events[count - 1];
        for (std::size_t at = 0; at < count; ++at) {
            claimed.push_back({work->stream, work->events[at], at == 0 ? work->deliveries : 1});
        }
    }
    std::sort(claimed.begin(), claimed.end(),
              [](const ClaimedEvent& left, const ClaimedEvent& right) {
                  return left.position < right.position;
              });
    return claimed;
}

std::size_t acknowledge(StreamWork& work, Position through)
{
    const Position last = std::min(through, work.delivered_through);
    const auto end = std::upper_bound(work.events.begin(), work.events.end(), last);
    const auto count = static_cast<std::size_t>(end - work.events.begin());
    work.events.erase(work.events.begin(), end);
    if (delivered(work) == 0) {
        release(work);
        work.deliveries = 0;
        work.reason.clear();
    } else if (count != 0) {
        work.deliveries = 1; // the event that is first now has come with this claim
    }
    return count;
}

void shorten(StreamWork& work, Position through)
{
    work.delivered_through = std::min(work.delivered_through, through);
    if (delivered(work) == 0) {
        release(work);
        work.deliveries -= work.deliveries == 0 ? 0U : 1U;
    }
}

void give_back(StreamWork& work, GroupTime now, const Nack& nack, unsigned deliveries_max)
{
    fail(work, nack.reason, deliveries_max);
    work.is_parked = work.is_parked || nack.must_park;
    work.not_before = work.is_parked ? GroupTime{} : now + nack.delay;
}

void retry_parked(StreamWork& work)
{
    work.is_parked = false;
    work.deliveries = 0;
    work.not_before = {};
    work.reason.clear();
}

void skip_parked(StreamWork& work)
{
    if (!work.events.empty()) {
        work.events.erase(work.events.begin());
    }
    retry_parked(work);
}

} // namespace sealstream
