#include "jetstream/repeat_search.hpp"

#include "jetstream/subject.hpp"

#include <unordered_map>

namespace sealstream::jetstream {

namespace {

constexpr std::chrono::seconds clock_slack{60}; // between servers that led one after the other
constexpr std::size_t page_events = 500;
constexpr std::size_t page_bytes = 4 << 20;

using Wanted = std::unordered_map<EventId, std::size_t>; // to the place in the drafts

// Notes which wanted events are among `records`; how many differ from what is stored.
std::size_t note(const std::vector<StoredRecord>& records, const StreamAppend& append,
                 Wanted& wanted, std::span<Placed> places)
{
    std::size_t different = 0;
    for (const StoredRecord& stored : records) {
        const auto event = decode_record(stored.record);
        const auto found = event ? wanted.find(event->draft.id) : wanted.end();
        if (found != wanted.end()) {
            const Draft& draft = append.drafts[found->second];
            different += is_same_content(draft, event->draft) ? 0U : 1U;
            places[found->second] = {event->draft.id, append.stream, stored.position,
                                     event->version};
            wanted.erase(found);
        }
    }
    return different;
}

} // namespace

Task<Result<Appended>> find_repeat(Reading reading, std::string ledger,
                                   const AppendRequest& request, std::vector<NewestEvent> newest,
                                   std::chrono::nanoseconds window)
{
    Appended appended;
    appended.is_repeat = true;
    std::size_t missing = 0;
    std::size_t different = 0;
    for (std::size_t at = 0; at < request.appends.size(); ++at) {
        const StreamAppend& append = request.appends[at];
        const std::size_t first = appended.events.size();
        Wanted wanted;
        for (std::size_t place = 0; place < append.drafts.size(); ++place) {
            wanted.emplace(append.drafts[place].id, place);
        }
        appended.events.resize(first + append.drafts.size());
        const std::int64_t back = (window + clock_slack).count();
        const WallTime since{newest[at].ingested.nanoseconds - back};
        StreamWalk walk{reading, subject_of(ledger, append.stream), newest[at].head.position,
                        since};
        while (!wanted.empty()) {
            const auto page = co_await walk.next(page_events, page_bytes);
            if (!page) {
                co_return page.error();
            }
            if (page->records.empty()) {
                break;
            }
            different +=
                note(page->records, append, wanted, std::span{appended.events}.subspan(first));
        }
        missing += wanted.size();
    }
    if (missing == appended.events.size()) {
        co_return Error{Errc::not_found, {}};
    }
    if (missing != 0 || different != 0) {
        co_return Error{Errc::key_reuse, "an event id of the append is in the log already"};
    }
    co_return appended;
}

Result<Appended> answer_to_conflict(Result<Appended> found, Error conflict, bool may_be_stored)
{
    if (found || found.error().code == Errc::key_reuse) {
        return found;
    }
    if (found.error().code == Errc::not_found) {
        return conflict;
    }
    const bool is_open = may_be_stored && info(found.error().code).is_retryable;
    return is_open ? Error{Errc::outcome_unknown, describe(found.error())} : found.error();
}

Result<Appended> answer_to_duplicate(Result<Appended> found)
{
    if (found || found.error().code == Errc::key_reuse || found.error().code == Errc::corrupt) {
        return found;
    }
    if (found.error().code == Errc::not_found) {
        return Error{Errc::outcome_unknown, "the log knows an event id of the append, but none is "
                                            "found in its streams"};
    }
    return Error{Errc::outcome_unknown, describe(found.error())};
}

} // namespace sealstream::jetstream
