#include "node/http/handlers/bulk.hpp"

#include "core/async/backoff.hpp"
#include "core/event/canonical_json.hpp"
#include "node/http/append_admission.hpp"
#include "node/http/handlers/appending.hpp"
#include "node/http/id_lookup.hpp"

#include <map>
#include <set>
#include <unordered_set>

namespace sealstream::http {

namespace {

// Shared by the coroutine that hands out groups and the tasks that append them: whichever ends
// last, owns.
struct Wave {
    Wave(Services& with, std::vector<BulkItem> all, Appender who)
        : services{with},
          items{std::move(all)},
          appender{std::move(who)},
          changed{with.stop.executor()}
    {
    }
    Services& services;
    std::vector<BulkItem> items;
    const Appender appender;
    Notifier changed;
    std::set<StreamName> busy; // streams with an append under way; as many as there are appends
    std::map<StreamName, Error> stopped; // streams that can not go on now
    Monotonic send_until{Monotonic::max()};
    Permit permit; // of all items
};

constexpr std::chrono::seconds wave_wait{60}; // the notifier ends the wait; this is no deadline

struct Group {
    std::size_t first{0};
    std::size_t count{0};
};

// Refusals that concern one event and not the log.
bool is_splittable(const Error& error)
{
    return error.code == Errc::key_reuse || error.code == Errc::conflict ||
           error.code == Errc::too_large || error.code == Errc::refused;
}

Group next_group(const Wave& wave, std::size_t from)
{
    const auto& items = wave.items;
    const Limits& limits = wave.services.limits;
    std::size_t bytes = 0;
    Group group{from, 0};
    std::unordered_set<EventId> ids; // one append has each id once; a second is its repeat
    for (std::size_t at = from; at < items.size() && group.count < limits.bulk_events_max; ++at) {
        const BulkItem& item = items[at];
        if (!item.draft || item.stream != items[from].stream ||
            !ids.insert(item.draft->id).second) {
            break;
        }
        if (at != from && is_guarded(wave.appender, *item.draft)) {
            break;
        }
        bytes += item.draft->data.size() + item.draft->meta.size();
        if (bytes > limits.bulk_bytes_max && group.count != 0) {
            break;
        }
        ++group.count;
    }
    return group;
}

AppendRequest to_group_request(const Wave& wave, Group group)
{
    const auto& items = wave.items;
    StreamAppend append{items[group.first].stream, {}, {}};
    append.drafts.reserve(group.count);
    append.has_fresh_ids = true;
    for (std::size_t at = group.first; at < group.first + group.count; ++at) {
        append.has_fresh_ids &= items[at].has_fresh_id;
        append.drafts.push_back(*items[at].draft);
    }
    AppendRequest request;
    request.appends.push_back(std::move(append));
    request.send_until = wave.send_until;
    request.permit = wave.permit;
    return request;
}

void settle(std::vector<BulkItem>& items, Group group, const Result<Appended>& outcome)
{
    for (std::size_t at = 0; at < group.count; ++at) {
        BulkItem& item = items[group.first + at];
        if (outcome) {
            item.placed = outcome->events[at];
            item.is_repeat = outcome->is_repeat;
        } else {
            item.error = outcome.error();
        }
        item.draft.reset();
    }
}

// Nothing was sent, and waiting is all that helps: the node is busy, or another request appends the
// same ids.
bool is_worth_waiting(const Result<Appended>& outcome)
{
    return !outcome &&
           (outcome.error().code == Errc::overloaded || outcome.error().code == Errc::in_progress);
}

Task<Result<Appended>> append_patiently(std::shared_ptr<Wave> wave, Group group)
{
    Services& services = wave->services;
    const auto deadline = services.clock.monotonic() + services.limits.bulk_append_wait;
    Backoff backoff{{std::chrono::milliseconds{10}, std::chrono::milliseconds{500}}};
    for (;;) {
        auto request = to_group_request(*wave, group);
        Appender appender = wave->appender;
        auto outcome = co_await append_counted(services, std::move(request), std::move(appender));
        if (!is_worth_waiting(outcome) || services.stop.requested() ||
            services.clock.monotonic() >= deadline) {
            co_return outcome;
        }
        co_await services.stop.sleep_for(backoff.next());
    }
}

void stop_after(Wave& wave, const StreamName& stream, const Result<Appended>& outcome)
{
    if (!outcome && info(outcome.error().code).is_retryable) {
        wave.stopped.emplace(stream, outcome.error());
    }
}

Task<void> append_group(std::shared_ptr<Wave> wave, Group group)
{
    const StreamName stream = wave->items[group.first].stream;
    const auto outcome = co_await append_patiently(wave, group);
    if (!outcome && group.count > 1 && is_splittable(outcome.error())) {
        for (std::size_t at = group.first; at < group.first + group.count; ++at) {
            const Group single{at, 1};
            if (const auto stopped = wave->stopped.find(stream); stopped != wave->stopped.end()) {
                settle(wave->items, single, stopped->second);
                continue;
            }
            const auto settled = co_await append_patiently(wave, single);
            settle(wave->items, single, settled);
            stop_after(*wave, stream, settled);
        }
    } else {
        settle(wave->items, group, outcome);
        stop_after(*wave, stream, outcome);
    }
    wave->busy.erase(stream);
    wave->changed.notify_all();
}

// Takes the drafts away from the items that may not be appended; their errors say why. The others
// are admitted by `permit`, which outlives the call.
Task<std::vector<BulkItem>> admit_items(Services& services, std::vector<BulkItem> items,
                                        Permit& permit)
{
    std::vector<Candidate> candidates;
    std::vector<std::size_t> places;
    for (std::size_t at = 0; at < items.size(); ++at) {
        if (items[at].draft) {
            candidates.push_back({items[at].stream, *items[at].draft, {}, items[at].has_fresh_id});
            places.push_back(at);
        }
    }
    const auto admission = co_await admit_events(services, std::move(candidates));
    if (!admission) {
        for (const std::size_t place : places) {
            items[place].error = admission.error();
            items[place].draft.reset();
        }
        co_return items;
    }
    permit = admission->permit;
    for (const Refusal& refusal : admission->refusals) {
        BulkItem& item = items[places[refusal.event]];
        item.error = refusal.error;
        if (!refusal.rule.empty()) {
            item.reason = refusal.rule + ": " + refusal.error.context;
        }
        append_faults(item.errors, refusal.faults, {});
        item.draft.reset();
    }
    co_return items;
}

} // namespace

Task<std::vector<BulkItem>> append_items(Services& services, std::vector<BulkItem> items,
                                         Appender appender)
{
    Permit permit;
    items = co_await admit_items(services, std::move(items), permit);
    auto send_until = Monotonic::max();
    items = co_await settle_repeats(services, std::move(items), send_until);
    const auto wave = std::make_shared<Wave>(services, std::move(items), std::move(appender));
    wave->send_until = send_until;
    wave->permit = std::move(permit);
    for (std::size_t at = 0; at < wave->items.size();) {
        const Group group = next_group(*wave, at);
        if (group.count == 0) {
            ++at; // was malformed
            continue;
        }
        while (wave->busy.size() >= services.limits.bulk_appends_max ||
               wave->busy.contains(wave->items[at].stream)) {
            co_await wave->changed.wait_for(wave_wait);
        }
        const auto stopped = wave->stopped.find(wave->items[at].stream);
        if (stopped != wave->stopped.end()) {
            settle(wave->items, group, stopped->second);
            at += group.count;
            continue;
        }
        wave->busy.insert(wave->items[at].stream);
        services.tasks.spawn("http.bulk_append", append_group(wave, group));
        at += group.count;
    }
    while (!wave->busy.empty()) {
        co_await wave->changed.wait_for(wave_wait);
    }
    co_return std::move(wave->items);
}

void append_item_members(std::string& to, const BulkItem& item)
{
    if (item.placed) {
        to.append("\"status\":201,");
        append_placed_members(to, *item.placed);
        to.append(item.is_repeat ? ",\"replayed\":true}" : "}");
        return;
    }
    const Error& error = *item.error;
    const ErrcInfo& row = info(error.code);
    to.append("\"status\":").append(std::to_string(row.http_status));
    to.append(",\"code\":\"").append(row.name);
    to.append("\",\"retryable\":").append(row.is_retryable ? "true" : "false");
    if (!error.pointer.empty()) {
        to.append(",\"pointer\":");
        append_canonical_string(to, error.pointer);
    }
    if (!item.errors.empty()) {
        to.append(",\"errors\":[").append(item.errors).append("]");
    }
    if (!error.details.empty()) {
        to.append(",").append(error.details);
    }
    to.append(",\"detail\":");
    append_canonical_string(to, item.reason.empty() ? row.title : std::string_view{item.reason});
    to.push_back('}');
}

} // namespace sealstream::http
