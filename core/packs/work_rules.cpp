#include "core/packs/work_rules.hpp"

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/digest.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>

namespace sealstream {

namespace {

namespace json = boost::json;

constexpr std::size_t depth_max = 128;
constexpr std::size_t digest_bytes = 16;

std::int64_t nanoseconds(std::chrono::milliseconds time)
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

// What Postgres writes as JSON, canonical; a number that JSON of events can not hold makes the
// whole row a text.
json::value row_value(const std::string& row)
{
    auto parsed = parse_json(row, {depth_max, row.size()});
    return parsed ? *std::move(parsed) : json::value(row);
}

Error strange(const StoredEvent& last, std::string_view what)
{
    return Error{Errc::corrupt, last.event.stream.to_string() + ": the event at position " +
                                    std::to_string(last.position.value) + " " + std::string{what}};
}

Result<json::object> data_of(const StoredEvent& last)
{
    const std::string& text = last.event.draft.data;
    auto data = parse_json(text, {depth_max, text.size()});
    if (!data || !data->is_object()) {
        return strange(last, "has other data than the ledger's own");
    }
    return std::move(data->as_object());
}

std::string text_at(const json::object& data, std::string_view name)
{
    const auto* value = data.if_contains(json::string_view{name.data(), name.size()});
    return value != nullptr && value->is_string() ? std::string{value->get_string().c_str()}
                                                  : std::string{};
}

std::uint64_t number_at(const json::object& data, std::string_view name)
{
    const auto* value = data.if_contains(json::string_view{name.data(), name.size()});
    if (value != nullptr && value->is_number()) {
        return value->to_number<std::uint64_t>();
    }
    const std::string text = text_at(data, name);
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

json::object invariant_members(const Pack& pack, const PackInvariant& invariant,
                               const InvariantLook& look)
{
    return {{"invariant", work_name(pack.name, invariant.name)},
            {"summary", invariant.summary},
            {"severity", invariant.severity == Severity::page ? "page" : "warn"},
            {"position", std::to_string(look.cursor.value)}};
}

} // namespace

std::string work_name(std::string_view pack, std::string_view part)
{
    return std::string{pack}.append(".").append(part);
}

WallTime newest_moment(WallTime now, std::chrono::milliseconds every)
{
    const std::int64_t step = nanoseconds(every);
    const std::int64_t past = now.nanoseconds % step;
    return {now.nanoseconds - (past < 0 ? past + step : past)};
}

std::optional<WallTime> due_moment(const WorkPace& pace, WallTime now)
{
    if (pace.retry_at && now < *pace.retry_at) {
        return std::nullopt;
    }
    const WallTime moment = newest_moment(now, pace.every);
    if (pace.done && moment <= *pace.done) {
        return std::nullopt;
    }
    return moment;
}

WallTime next_look(const WorkPace& pace, WallTime now)
{
    if (pace.retry_at && now < *pace.retry_at) {
        return *pace.retry_at;
    }
    const WallTime after = pace.done ? std::max(*pace.done, newest_moment(now, pace.every)) : now;
    return pace.done ? WallTime{after.nanoseconds + nanoseconds(pace.every)} : now;
}

Result<BreachState> breach_state(const StoredEvent& last)
{
    SEAL_TRY(data, data_of(last));
    const auto* held = data.if_contains("is_held");
    if (held == nullptr || !held->is_bool()) {
        return strange(last, "does not say whether the invariant holds");
    }
    BreachState state;
    state.is_breached = !held->get_bool();
    state.version = last.event.version;
    state.position = last.position;
    state.seen = Position{number_at(data, "position")};
    state.first_seen = Position{number_at(data, "first_seen")};
    state.number = number_at(data, "number");
    state.digest = text_at(data, "digest");
    state.told_at = last.ingested;
    return state;
}

std::string rows_digest(const InvariantLook& look)
{
    std::vector<std::string> rows = look.rows;
    std::sort(rows.begin(), rows.end());
    Sha256 hasher;
    for (const std::string& row : rows) {
        Bytes size;
        append_big_endian(size, static_cast<std::uint64_t>(row.size()));
        hasher.update(size);
        hasher.update(as_bytes(row));
    }
    return to_hex(hasher.finish().view().first(digest_bytes));
}

Telling tell(const BreachState& state, const PackInvariant& invariant, const InvariantLook& look,
             WallTime now)
{
    if (look.cursor < state.seen) {
        return Telling::nothing;
    }
    if (look.rows.empty()) {
        return state.is_breached ? Telling::ends : Telling::nothing;
    }
    if (!state.is_breached) {
        return Telling::begins;
    }
    if (invariant.repeats_changed && rows_digest(look) != state.digest) {
        return Telling::again;
    }
    const bool is_time =
        invariant.repeat.count() != 0 &&
        now.nanoseconds - state.told_at.nanoseconds >= nanoseconds(invariant.repeat);
    return is_time ? Telling::again : Telling::nothing;
}

Draft breach_event(const Pack& pack, const PackInvariant& invariant, const BreachState& state,
                   const InvariantLook& look, Telling telling)
{
    Draft draft;
    json::object data = invariant_members(pack, invariant, look);
    const Position first = telling == Telling::begins ? look.cursor : state.first_seen;
    data["first_seen"] = std::to_string(first.value);
    if (telling == Telling::ends) {
        draft.type = held_event_type;
        data["is_held"] = true;
        data["number"] = state.number;
        draft.data = to_canonical_json(data);
        return draft;
    }
    draft.type =
        invariant.breach_type.empty() ? std::string{breached_event_type} : invariant.breach_type;
    json::array rows;
    for (const std::string& row : look.rows) {
        rows.push_back(row_value(row));
    }
    data["is_held"] = false;
    data["number"] = telling == Telling::begins ? 1 : state.number + 1;
    data["rows"] = std::move(rows);
    data["has_more"] = look.has_more;
    data["digest"] = rows_digest(look);
    draft.data = to_canonical_json(data);
    return draft;
}

Result<ScheduleState> schedule_state(const StoredEvent& last)
{
    SEAL_TRY(data, data_of(last));
    const auto moment = from_rfc3339(text_at(data, "moment"));
    if (!moment) {
        return strange(last, "does not say which moment it was for");
    }
    return ScheduleState{*moment, last.event.version, last.position};
}

Draft schedule_event(std::string_view name, const ScheduleOutcome& outcome)
{
    json::array refused;
    for (const std::string& one : outcome.refused) {
        refused.push_back(row_value(one));
    }
    Draft draft;
    draft.type = schedule_event_type;
    draft.data = to_canonical_json(json::object{{"schedule", name},
                                                {"moment", to_rfc3339(outcome.moment)},
                                                {"position", std::to_string(outcome.cursor.value)},
                                                {"appended", outcome.appended},
                                                {"known", outcome.known},
                                                {"refused", std::move(refused)}});
    return draft;
}

} // namespace sealstream
