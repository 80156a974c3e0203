#include "node/http/handlers/replay.hpp"

#include "node/feeds/event_json.hpp"

namespace sealstream::http {

namespace {

// The event with this id, from the log itself: the index does not keep exact bytes.
//   not_found   the index does not know it
Task<Result<StoredEvent>> find_stored(Services& services, EventId id)
{
    const auto indexed = co_await services.index->find(id);
    if (!indexed) {
        co_return indexed.error();
    }
    const Position before{indexed->position.value - 1};
    const ReadLimits one{1, services.limits.page_bytes_max};
    const auto records = co_await services.log.read_from(before, one);
    if (!records) {
        co_return records.error();
    }
    if (records->empty() || records->front().position != indexed->position) {
        co_return Error{Errc::corrupt, "the index knows an event at position " +
                                           std::to_string(indexed->position.value) +
                                           " that the log does not have"};
    }
    co_return decode_stored(records->front());
}

} // namespace

Task<Result<std::optional<Appended>>> find_replay(Services& services, const StreamName& stream,
                                                  const std::vector<Draft>& drafts)
{
    if (services.index == nullptr) {
        co_return std::optional<Appended>{};
    }
    Appended replay;
    replay.is_repeat = true;
    for (const Draft& draft : drafts) {
        const auto stored = co_await find_stored(services, draft.id);
        if (!stored) {
            const Errc code = stored.error().code;
            if (code == Errc::not_found && !replay.events.empty()) {
                co_return Error{Errc::key_reuse, "only some of the ids are in the log"};
            }
            if (code == Errc::not_found || info(code).is_retryable) {
                co_return std::optional<Appended>{};
            }
            co_return stored.error();
        }
        if (stored->event.stream != stream || !is_same_content(draft, stored->event.draft)) {
            co_return Error{Errc::key_reuse, "the id is in the log with other content"};
        }
        replay.events.push_back({draft.id, stream, stored->position, stored->event.version});
    }
    co_return std::optional{std::move(replay)};
}

} // namespace sealstream::http
