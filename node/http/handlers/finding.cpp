#include "node/http/handlers/finding.hpp"

#include "node/feeds/catch_up.hpp"
#include "node/feeds/feed_hub.hpp"
#include "node/http/handlers/reading.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t page_events = 1000; // looked at in one step backwards

// Reads the records at these positions again, and keeps what fits.
Task<Result<void>> take(Services& services, std::vector<Position> positions,
                        const FeedFilter& filter, std::vector<FeedEventPtr>& to)
{
    for (const Position position : positions) {
        SEAL_CO_TRY(record, co_await read_indexed(services.log, position));
        SEAL_CO_TRY(event, make_feed_event(record));
        if (filter.matches(event->event(), event->ingested(), event->category())) {
            to.push_back(std::move(event));
        }
    }
    co_return Result<void>{};
}

// What fits above `above` and up to `to_position`; newest first.
Task<Result<void>> look_back(Services& services, Position above, Position to_position,
                             const FeedFilter& filter, std::size_t count,
                             std::vector<FeedEventPtr>& to)
{
    while (to_position > above && to.size() < count) {
        const std::uint64_t size = std::min(page_events, to_position.value - above.value);
        const Position after{to_position.value - size};
        // A page may end early because its events are large; then it is read in halves.
        const ReadLimits limits{static_cast<std::size_t>(size), services.limits.page_bytes_max};
        const auto records = co_await services.log.read_from(after, limits);
        if (!records) {
            co_return records.error();
        }
        const Position middle = records->empty() ? after : records->back().position;
        if (middle == after) {
            co_return Error{Errc::corrupt,
                            "the log has nothing above position " + std::to_string(after.value)};
        }
        if (middle < to_position) {
            const auto newer = co_await look_back(services, middle, to_position, filter, count, to);
            if (!newer) {
                co_return newer.error();
            }
        }
        for (auto record = records->rbegin(); record != records->rend() && to.size() < count;
             ++record) {
            SEAL_CO_TRY(event, make_feed_event(*record));
            if (filter.matches(event->event(), event->ingested(), event->category())) {
                to.push_back(std::move(event));
            }
        }
        to_position = after;
    }
    co_return Result<void>{};
}

} // namespace

Task<Result<Found>> find_events(Services& services, FindWish wish)
{
    auto deadline = Clock::now() + std::max<std::chrono::milliseconds>(find_longest, wish.wait);
    CatchUp history{services.log, services.index, wish.filter};
    Found found;
    found.next = wish.after;
    std::size_t bytes = 0;
    const std::size_t bytes_max = services.limits.page_bytes_max;
    for (bool may_wait = wish.wait.count() > 0;;) {
        found.is_caught_up = false;
        while (found.events.size() < wish.events_max && bytes < bytes_max && !found.is_caught_up &&
               Clock::now() < deadline) {
            const std::size_t before = found.events.size();
            const CatchUpLimits limits{wish.events_max - before, bytes_max - bytes};
            const auto reached = co_await history.next(found.next, limits, found.events);
            if (!reached) {
                co_return reached.error();
            }
            for (std::size_t at = before; at < found.events.size(); ++at) {
                bytes += found.events[at]->bytes();
            }
            const bool is_at_end = *reached == found.next;
            found.next = *reached;
            if (is_at_end) {
                // The replica that was read may be behind; once asked, the log reads to its end.
                const auto head = co_await services.feeds.ask_head();
                if (!head) {
                    co_return found; // not known to be all
                }
                found.is_caught_up = *head <= found.next;
            }
        }
        if (!may_wait || !found.events.empty() || !found.is_caught_up) {
            co_return found;
        }
        may_wait = false;
        auto filter = wish.filter;
        co_await wait_for_event(services, found.next, std::move(filter), wish.wait);
        deadline = Clock::now() + find_longest; // to read it, or to move the cursor on
    }
}

Task<Result<std::vector<FeedEventPtr>>> find_newest(Services& services, Position head,
                                                    FeedFilter filter, std::size_t count)
{
    std::vector<FeedEventPtr> found;
    Position indexed{};
    if (services.index != nullptr) {
        const auto reach =
            co_await reach_index(services, Position{}, true, std::chrono::milliseconds{0});
        indexed = reach.refusal ? Position{} : std::min(reach.served, head);
    }
    const Position lowest{head.value - std::min(head.value, newest_look_back)};
    const Position above = std::max(indexed, lowest);
    const auto looked = co_await look_back(services, above, head, filter, count, found);
    if (!looked) {
        co_return looked.error();
    }
    // Older ones only where nothing lies between: a hole would be mistaken for silence.
    if (found.size() < count && above == indexed && indexed.value != 0) {
        auto query = index_query(filter);
        query.after = indexed.next();
        query.is_descending = true;
        query.events_max = count - found.size();
        const auto older = co_await services.index->query(std::move(query));
        if (!older) {
            co_return older.error();
        }
        std::vector<Position> positions;
        for (const IndexedEvent& event : *older) {
            positions.push_back(event.position);
        }
        const auto taken = co_await take(services, std::move(positions), filter, found);
        if (!taken) {
            co_return taken.error();
        }
    }
    std::reverse(found.begin(), found.end());
    co_return found;
}

} // namespace sealstream::http
