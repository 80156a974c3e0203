#include "node/http/known_events.hpp"

#include "node/feeds/event_json.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

// Neighbours among the wanted positions are read together, with what lies between them.
constexpr std::uint64_t span_events_max = 500;

// The events at `positions`, which ascend.
Task<Result<std::unordered_map<EventId, StoredEvent>>>
read_events_at(KnownEventsParts parts, std::vector<Position> positions)
{
    std::unordered_map<EventId, StoredEvent> events;
    for (std::size_t next = 0; next < positions.size();) {
        const Position first = positions[next];
        std::size_t end = next;
        while (end < positions.size() && positions[end].value - first.value < span_events_max) {
            ++end;
        }
        const std::uint64_t span = positions[end - 1].value - first.value + 1;
        const ReadLimits limits{static_cast<std::size_t>(span), parts.page_bytes_max};
        const Position before{first.value - 1};
        SEAL_CO_TRY(records, co_await parts.log.read_from(before, limits));
        if (records.empty() || records.front().position != first) {
            SEAL_CO_TRY(head, co_await parts.log.head());
            co_return Error{head < first ? Errc::corrupt : Errc::unavailable,
                            "the index knows an event at position " + std::to_string(first.value) +
                                " that the log does not show"};
        }
        for (const StoredRecord& record : records) {
            if (next < end && record.position == positions[next]) {
                SEAL_CO_TRY(event, decode_stored(record));
                const EventId id = event.event.draft.id;
                events.emplace(id, std::move(event));
                ++next;
            }
        }
    }
    co_return events;
}

bool is_same_today(const Draft& draft, const Event& event, const RulebookPtr& rules)
{
    const Draft& stored = event.draft;
    if (event.is_expired) {
        Draft forgotten = draft; // all that can still be compared
        forgotten.data = stored.data;
        forgotten.meta = stored.meta;
        return is_same_content(forgotten, stored);
    }
    if (is_same_content(draft, stored)) {
        return true;
    }
    if (rules == nullptr || rules->schemas.redaction(draft.type) == nullptr) {
        return false;
    }
    Draft redacted = stored;
    rules->schemas.redact(redacted);
    return is_same_content(draft, redacted);
}

} // namespace

Task<Result<KnownPlaces>> compare_with_log(KnownEventsParts parts, std::vector<DraftAt> drafts,
                                           IdLookup::Places places)
{
    std::vector<Position> positions;
    for (const auto& [id, position] : places) {
        positions.push_back(position);
    }
    std::sort(positions.begin(), positions.end());
    SEAL_CO_TRY(events, co_await read_events_at(parts, std::move(positions)));
    KnownPlaces known;
    known.reserve(drafts.size());
    for (const DraftAt& at : drafts) {
        known.emplace_back();
        if (!places.contains(at.draft->id)) {
            continue;
        }
        const auto stored = events.find(at.draft->id);
        if (stored == events.end()) {
            co_return Error{Errc::corrupt, "the index knows event " + at.draft->id.to_string() +
                                               " at a position where the log has another"};
        }
        const Event& event = stored->second.event;
        const bool is_same =
            event.stream == *at.stream && is_same_today(*at.draft, event, parts.rules);
        known.back() = KnownPlace{
            {event.draft.id, event.stream, stored->second.position, event.version}, is_same};
    }
    co_return known;
}

Task<Result<KnownPlaces>> find_known(KnownEventsParts parts, std::vector<DraftAt> drafts)
{
    if (parts.id_lookup == nullptr) {
        co_return KnownPlaces(drafts.size());
    }
    std::vector<EventId> ids;
    ids.reserve(drafts.size());
    for (const DraftAt& at : drafts) {
        ids.push_back(at.draft->id);
    }
    SEAL_CO_TRY(places, co_await parts.id_lookup->find_all(std::move(ids)));
    co_return co_await compare_with_log(std::move(parts), std::move(drafts), std::move(places));
}

Result<Appended> original_answer(const KnownPlaces& known)
{
    Appended appended;
    appended.is_repeat = true;
    for (const auto& one : known) {
        if (!one) {
            return Error{Errc::key_reuse, "only some of the ids are in the log"};
        }
        if (!one->is_same) {
            return Error{Errc::key_reuse, "the id is in the log with other content"};
        }
        appended.events.push_back(one->placed);
    }
    return appended;
}

std::vector<DraftAt> drafts_of(const std::vector<StreamAppend>& batch)
{
    std::vector<DraftAt> drafts;
    for (const StreamAppend& append : batch) {
        for (const Draft& draft : append.drafts) {
            drafts.push_back({&append.stream, &draft});
        }
    }
    return drafts;
}

} // namespace sealstream::http
