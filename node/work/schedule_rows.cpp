#include "node/work/schedule_rows.hpp"

#include "core/base/encoding.hpp"
#include "core/rules/system_streams.hpp"
#include "node/http/packs/command_events.hpp"
#include "node/rules/pack_registrar.hpp"
#include "node/rules/rulebook_follower.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <set>

namespace sealstream {

namespace {

std::string refused_row(std::string_view which, const Error& error)
{
    const std::string where = error.pointer.empty() ? "" : " (" + error.pointer + ")";
    return boost::json::serialize(boost::json::object{
        {"row", which}, {"code", name(error.code)}, {"reason", error.context + where}});
}

// Keys of rows are the schedule's own, whatever other schedules call theirs.
std::string key_of(const std::string& schedule, WallTime moment, const std::string& own,
                   std::size_t number)
{
    if (!own.empty()) {
        return schedule + "/" + own;
    }
    return schedule + " " + to_rfc3339(moment) + " " + std::to_string(number);
}

std::string place_of(const http::EventInput& event)
{
    return event.draft.type + " for " + event.stream.to_string();
}

// Takes out what stands at `places`, which ascend.
void take_out(std::vector<http::EventInput>& events, const std::set<std::size_t>& places)
{
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
        events.erase(events.begin() + static_cast<std::ptrdiff_t>(*place));
    }
}

std::vector<http::Candidate> candidates_of(std::vector<http::EventInput>& events)
{
    std::vector<http::Candidate> candidates;
    for (http::EventInput& event : events) {
        candidates.push_back({event.stream, event.draft});
    }
    return candidates;
}

ScheduleRows together(std::vector<http::EventInput> events)
{
    ScheduleRows rows;
    rows.events = events.size();
    for (http::EventInput& event : events) {
        auto place = std::find_if(rows.appends.begin(), rows.appends.end(),
                                  [&](const auto& one) { return one.stream == event.stream; });
        if (place == rows.appends.end()) {
            rows.appends.push_back({std::move(event.stream), {}, {}});
            place = std::prev(rows.appends.end());
        }
        place->drafts.push_back(std::move(event.draft));
    }
    return rows;
}

} // namespace

std::vector<http::EventInput> take_rows(const Pack& pack, const PackSchedule& schedule,
                                        WallTime moment, const std::vector<std::string>& rows,
                                        const http::Limits& limits,
                                        std::vector<std::string>& refused)
{
    const std::string name = work_name(pack.name, schedule.name);
    std::vector<http::EventInput> events;
    std::set<EventId> ids;
    for (std::size_t number = 1; number <= rows.size(); ++number) {
        auto planned = http::plan_rows(pack, {rows[number - 1]}, limits);
        if (!planned) {
            refused.push_back(refused_row(std::to_string(number), planned.error()));
            continue;
        }
        http::EventInput& event = planned->events.front();
        Draft& draft = event.draft;
        draft.source = ledger_source;
        draft.actor = draft.actor.empty() ? pack_actor(pack) : draft.actor;
        draft.key = key_of(name, moment, draft.key, number);
        if (const auto checked = check_label(draft.key); !checked) {
            refused.push_back(refused_row(std::to_string(number), checked.error()));
            continue;
        }
        draft.id = event.has_id ? draft.id : id_of_key(draft.source, draft.key);
        fill_random(draft.salt);
        if (!ids.insert(draft.id).second) {
            refused.push_back(refused_row(std::to_string(number),
                                          {Errc::key_reuse, "an earlier row has the same key"}));
            continue;
        }
        events.push_back(std::move(event));
    }
    return events;
}

Task<Result<ScheduleRows>> judge_rows(http::AdmissionParts parts,
                                      std::vector<http::EventInput> events,
                                      std::vector<std::string> refused)
{
    std::set<std::size_t> out;
    auto candidates = candidates_of(events);
    SEAL_CO_TRY(admission, co_await http::admit_events(parts, std::move(candidates)));
    for (const http::Refusal& refusal : admission.refusals) {
        refused.push_back(refused_row(place_of(events[refusal.event]), refusal.error));
        out.insert(refusal.event);
    }
    take_out(events, out);
    out.clear();

    std::vector<http::DraftAt> drafts;
    for (const http::EventInput& event : events) {
        drafts.push_back({&event.stream, &event.draft});
    }
    http::KnownEventsParts known_parts{*parts.log, parts.id_lookup};
    if (parts.rules != nullptr) {
        SEAL_CO_TRY(rules, parts.rules->current());
        known_parts.rules = rules;
    }
    SEAL_CO_TRY(known, co_await http::find_known(std::move(known_parts), std::move(drafts)));
    std::size_t repeats = 0;
    for (std::size_t at = 0; at < known.size(); ++at) {
        if (!known[at]) {
            continue;
        }
        out.insert(at);
        repeats += known[at]->is_same ? 1U : 0U;
        if (!known[at]->is_same) {
            refused.push_back(
                refused_row(place_of(events[at]),
                            {Errc::key_reuse, "the ledger has its key with other content"}));
        }
    }
    take_out(events, out);
    auto rows = together(std::move(events));
    rows.known = repeats;
    rows.refused = std::move(refused);
    co_return rows;
}

} // namespace sealstream
