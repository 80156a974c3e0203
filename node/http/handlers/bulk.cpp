#include "node/http/handlers/bulk.hpp"

#include "core/event/canonical_json.hpp"
#include "node/http/append_admission.hpp"
#include "node/http/handlers/appending.hpp"

#include <set>

namespace sealstream::http {

namespace {

// Shared by the coroutine that hands out groups and the tasks that append them: whichever ends
// last, owns.
struct Wave {
    Wave(Services& with, std::vector<BulkItem> all)
        : services{with},
          items{std::move(all)},
          changed{with.stop.executor()}
    {
    }
    Services& services;
    std::vector<BulkItem> items;
    Notifier changed;
    std::set<StreamName> busy; // streams with an append under way; as many as there are appends
};

constexpr std::chrono::seconds look_again{60}; // the notifier ends the wait; this is no deadline

struct Group {
    std::size_t first{0};
    std::size_t count{0};
};

// Refusals that concern one event and not the log.
bool is_splittable(const Error& error)
{
    return error.code == Errc::key_reuse || error.code == Errc::conflict ||
           error.code == Errc::too_large;
}

Group next_group(const std::vector<BulkItem>& items, std::size_t from, const Limits& limits)
{
    std::size_t bytes = 0;
    Group group{from, 0};
    for (std::size_t at = from; at < items.size() && group.count < limits.bulk_events_max; ++at) {
        const BulkItem& item = items[at];
        if (!item.draft || item.stream != items[from].stream) {
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

std::vector<StreamAppend> to_batch(const std::vector<BulkItem>& items, Group group)
{
    StreamAppend append{items[group.first].stream, {}, {}};
    append.drafts.reserve(group.count);
    for (std::size_t at = group.first; at < group.first + group.count; ++at) {
        append.drafts.push_back(*items[at].draft);
    }
    std::vector<StreamAppend> batch;
    batch.push_back(std::move(append));
    return batch;
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

Task<void> append_group(std::shared_ptr<Wave> wave, Group group)
{
    const StreamName stream = wave->items[group.first].stream;
    auto batch = to_batch(wave->items, group);
    const auto outcome = co_await append_counted(wave->services, std::move(batch));
    if (!outcome && group.count > 1 && is_splittable(outcome.error())) {
        for (std::size_t at = group.first; at < group.first + group.count; ++at) {
            const Group single{at, 1};
            auto one = to_batch(wave->items, single);
            const auto settled = co_await append_counted(wave->services, std::move(one));
            settle(wave->items, single, settled);
        }
    } else {
        settle(wave->items, group, outcome);
    }
    wave->busy.erase(stream);
    wave->changed.notify_all();
}

// Takes the drafts away from the items that may not be appended; their errors say why.
Task<std::vector<BulkItem>> admit_items(Services& services, std::vector<BulkItem> items)
{
    std::vector<Candidate> candidates;
    std::vector<std::size_t> places;
    for (std::size_t at = 0; at < items.size(); ++at) {
        if (items[at].draft) {
            candidates.push_back({items[at].stream, *items[at].draft});
            places.push_back(at);
        }
    }
    const auto refusals = co_await admit_events(services, std::move(candidates));
    if (!refusals) {
        for (const std::size_t place : places) {
            items[place].error = refusals.error();
            items[place].draft.reset();
        }
        co_return items;
    }
    for (const Refusal& refusal : *refusals) {
        BulkItem& item = items[places[refusal.event]];
        item.error = refusal.error;
        item.reason = refusal.rule + ": " + refusal.error.context;
        append_faults(item.errors, refusal.faults, {});
        item.draft.reset();
    }
    co_return items;
}

} // namespace

Task<std::vector<BulkItem>> append_items(Services& services, std::vector<BulkItem> items)
{
    items = co_await admit_items(services, std::move(items));
    const auto wave = std::make_shared<Wave>(services, std::move(items));
    for (std::size_t at = 0; at < wave->items.size();) {
        const Group group = next_group(wave->items, at, services.limits);
        if (group.count == 0) {
            ++at; // was malformed
            continue;
        }
        while (wave->busy.size() >= services.limits.bulk_appends_max ||
               wave->busy.contains(wave->items[at].stream)) {
            co_await wave->changed.wait_for(look_again);
        }
        wave->busy.insert(wave->items[at].stream);
        services.tasks.spawn("http.bulk_append", append_group(wave, group));
        at += group.count;
    }
    while (!wave->busy.empty()) {
        co_await wave->changed.wait_for(look_again);
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
    to.append(",\"detail\":");
    append_canonical_string(to, item.reason.empty() ? row.title : std::string_view{item.reason});
    to.push_back('}');
}

} // namespace sealstream::http
