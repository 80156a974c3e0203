#include "node/http/handlers/append_once.hpp"

#include "node/feeds/event_json.hpp"
#include "node/http/in_flight_ids.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

// Neighbours among the wanted positions are read together, with what lies between them.
constexpr std::uint64_t span_events_max = 500;

bool may_be_repeat(const std::vector<StreamAppend>& batch)
{
    return std::any_of(batch.begin(), batch.end(),
                       [](const StreamAppend& append) { return !append.has_fresh_ids; });
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

std::vector<EventId> ids_of(const std::vector<DraftAt>& drafts)
{
    std::vector<EventId> ids;
    ids.reserve(drafts.size());
    for (const DraftAt& at : drafts) {
        ids.push_back(at.draft->id);
    }
    return ids;
}

Result<Appended> replayed(const std::vector<std::optional<KnownPlace>>& known)
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

// The events at `positions`, which ascend.
Task<Result<std::unordered_map<EventId, StoredEvent>>>
read_events_at(Services& services, std::vector<Position> positions)
{
    std::unordered_map<EventId, StoredEvent> events;
    for (std::size_t next = 0; next < positions.size();) {
        const Position first = positions[next];
        std::size_t end = next;
        while (end < positions.size() && positions[end].value - first.value < span_events_max) {
            ++end;
        }
        const std::uint64_t span = positions[end - 1].value - first.value + 1;
        const ReadLimits limits{static_cast<std::size_t>(span), services.limits.page_bytes_max};
        const Position before{first.value - 1};
        SEAL_CO_TRY(records, co_await services.log.read_from(before, limits));
        if (records.empty() || records.front().position != first) {
            SEAL_CO_TRY(head, co_await services.log.head());
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

} // namespace

Task<Result<std::vector<std::optional<KnownPlace>>>>
compare_with_log(Services& services, std::vector<DraftAt> drafts, IdLookup::Places places)
{
    std::vector<Position> positions;
    for (const auto& [id, position] : places) {
        positions.push_back(position);
    }
    std::sort(positions.begin(), positions.end());
    SEAL_CO_TRY(events, co_await read_events_at(services, std::move(positions)));
    std::vector<std::optional<KnownPlace>> known;
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
        known.back() =
            KnownPlace{{event.draft.id, event.stream, stored->second.position, event.version},
                       event.stream == *at.stream && is_same_content(*at.draft, event.draft)};
    }
    co_return known;
}

Task<Result<Appended>> append_once(Services& services, AppendRequest request, Appender appender)
{
    if (!may_be_repeat(request.appends)) {
        co_return co_await append_guarded(services, std::move(request), std::move(appender));
    }
    SEAL_CO_TRY_VOID(check_request(request, append_events_max));
    auto drafts = drafts_of(request.appends);
    auto ids = ids_of(drafts);
    std::optional<InFlightIds::Hold> hold;
    if (services.in_flight != nullptr) {
        auto held = services.in_flight->hold(ids);
        if (!held) {
            co_return held.error();
        }
        hold.emplace(*std::move(held));
    }
    const bool is_looked_up = request.send_until != Monotonic::max(); // by settle_repeats()
    if (services.id_lookup != nullptr && !is_looked_up) {
        SEAL_CO_TRY(found, co_await services.id_lookup->look_up(std::move(ids)));
        if (!found.places.empty()) {
            SEAL_CO_TRY(known, co_await compare_with_log(services, std::move(drafts),
                                                         std::move(found.places)));
            co_return replayed(known);
        }
        request.send_until = found.send_until;
    }
    co_return co_await append_guarded(services, std::move(request), std::move(appender));
}

} // namespace sealstream::http
