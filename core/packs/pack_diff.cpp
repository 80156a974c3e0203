#include "core/packs/pack_diff.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::array method_names{"GET", "POST", "PUT", "PATCH", "DELETE"};

template <class Part>
const Part* find_part(const std::vector<Part>& parts, const std::string& wanted)
{
    const auto found = std::find_if(parts.begin(), parts.end(),
                                    [&](const Part& one) { return one.name == wanted; });
    return found == parts.end() ? nullptr : &*found;
}

std::string route_of(PackMethod method, const std::string& route)
{
    return std::string{method_names[static_cast<std::size_t>(method)]} + " " + route;
}

std::string text_or_none(const std::optional<JsonTemplate>& text)
{
    return text ? boost::json::serialize(text->text()) : std::string{};
}

class Comparison {
public:
    Comparison(const Pack& before, const Pack& after) : before_{before}, after_{after} {}

    PackDiff run()
    {
        compare_parts(before_.stream_types, after_.stream_types, "stream type",
                      ChangeWeight::breaking, &Comparison::compare_stream);
        compare_parts(before_.event_types, after_.event_types, "event", ChangeWeight::breaking,
                      &Comparison::compare_event);
        compare_parts(before_.projections, after_.projections, "projection", ChangeWeight::breaking,
                      &Comparison::compare_projection);
        compare_parts(before_.queries, after_.queries, "query", ChangeWeight::breaking,
                      &Comparison::compare_query);
        compare_parts(before_.commands, after_.commands, "command", ChangeWeight::breaking,
                      &Comparison::compare_command);
        compare_parts(before_.guards, after_.guards, "guard", ChangeWeight::note,
                      &Comparison::compare_guard);
        compare_parts(before_.invariants, after_.invariants, "invariant", ChangeWeight::note,
                      &Comparison::compare_invariant);
        compare_parts(before_.schedules, after_.schedules, "schedule", ChangeWeight::note,
                      &Comparison::compare_schedule);
        compare_parts(before_.reactors, after_.reactors, "reactor", ChangeWeight::note,
                      &Comparison::compare_reactor);
        check_version();
        std::stable_sort(
            result_.changes.begin(), result_.changes.end(),
            [](const auto& left, const auto& right) { return left.weight > right.weight; });
        return std::move(result_);
    }

private:
    void add(ChangeWeight weight, std::string part, std::string message, std::string remedy = {})
    {
        result_.changes.push_back({weight, std::move(part), std::move(message), std::move(remedy)});
    }

    template <class Part>
    void compare_parts(const std::vector<Part>& before, const std::vector<Part>& after,
                       const std::string& kind, ChangeWeight removal,
                       void (Comparison::*compare)(const Part&, const Part&, const std::string&))
    {
        for (const Part& old : before) {
            const Part* now = find_part(after, old.name);
            if (now == nullptr) {
                add(removal, kind + " " + old.name, "is gone");
            } else {
                (this->*compare)(old, *now, kind + " " + old.name);
            }
        }
        for (const Part& now : after) {
            if (find_part(before, now.name) == nullptr) {
                add(ChangeWeight::note, kind + " " + now.name, "is new");
            }
        }
    }

    void compare_stream(const PackStreamType& old, const PackStreamType& now,
                        const std::string& part)
    {
        if (old.addressing != now.addressing || old.is_chained != now.is_chained) {
            add(ChangeWeight::refused, part,
                "its events in the log are addressed and chained as before",
                "keep addressing and chain, or use another stream type");
        }
        if (!old.is_condition_needed && now.is_condition_needed) {
            add(ChangeWeight::breaking, part, "appends need a condition now");
        }
        if (old.retention != now.retention) {
            add(ChangeWeight::note, part,
                "its retention is " + (now.retention.empty() ? "for ever" : now.retention));
        }
    }

    void compare_event(const PackEventType& old, const PackEventType& now, const std::string& part)
    {
        compare_schema(old, now, part);
        for (const auto& redaction : old.redactions) {
            if (std::find(now.redactions.begin(), now.redactions.end(), redaction) ==
                now.redactions.end()) {
                add(ChangeWeight::breaking, part, redaction.pointer + " is no longer redacted so");
            }
        }
        for (const auto& stream : old.streams) {
            if (std::find(now.streams.begin(), now.streams.end(), stream) == now.streams.end()) {
                add(ChangeWeight::breaking, part, "no longer goes to streams of type " + stream);
            }
        }
        if (old.emission != now.emission) {
            add(ChangeWeight::note, part, "has another emission policy");
        }
        if (old.retention != now.retention) {
            add(ChangeWeight::note, part, "has another retention");
        }
    }

    void compare_schema(const PackEventType& old, const PackEventType& now, const std::string& part)
    {
        if (old.schema == now.schema) {
            if (old.version != now.version) {
                add(ChangeWeight::refused, part, "has another version and the same schema",
                    "version: " + std::to_string(old.version));
            }
            return;
        }
        if (now.version != old.version + 1) {
            add(ChangeWeight::refused, part,
                "has another schema and version " + std::to_string(now.version),
                "version: " + std::to_string(old.version + 1));
        }
        if (!old.schema || !now.schema) {
            add(now.schema ? ChangeWeight::breaking : ChangeWeight::note, part,
                now.schema ? "has a schema now" : "has no schema any more");
            return;
        }
        const auto breaks = find_breaks(*old.schema, *now.schema, now.compatibility);
        for (const auto& one : breaks) {
            add(ChangeWeight::refused, part,
                "its schema may not follow the one before (" +
                    std::string{name(now.compatibility)} + "): " + one.pointer + ": " + one.message,
                "keep what old events have, or compatibility: none with an upcast");
        }
        if (breaks.empty()) {
            add(ChangeWeight::note, part, "has another schema, which may follow the one before");
        }
        const bool is_upcast =
            std::any_of(now.upcasts.begin(), now.upcasts.end(),
                        [&](const auto& one) { return one.from == old.version; });
        if (now.compatibility == Compatibility::none && !is_upcast) {
            add(ChangeWeight::breaking, part,
                "folds meet data of version " + std::to_string(old.version) + " as it was written");
        }
    }

    void compare_projection(const PackProjection& old, const PackProjection& now,
                            const std::string& part)
    {
        const bool is_same = old.tables_sql == now.tables_sql &&
                             old.indexes_sql == now.indexes_sql && old.apply_sql == now.apply_sql &&
                             old.form == now.form && old.follows == now.follows &&
                             old.is_skipping == now.is_skipping;
        if (is_same && old.version == now.version) {
            return;
        }
        if (!is_same && now.version <= old.version) {
            add(ChangeWeight::refused, part, "has other SQL and the same version",
                "version: " + std::to_string(old.version + 1));
            return;
        }
        add(ChangeWeight::rebuild, part,
            "version " + std::to_string(now.version) + " is built beside version " +
                std::to_string(old.version));
        if (old.tables_sql != now.tables_sql) {
            add(ChangeWeight::note, part, "has other tables");
        }
    }

    void compare_route(const std::string& old, const std::string& now, PackRole old_role,
                       PackRole now_role, const std::string& part)
    {
        if (old != now) {
            add(ChangeWeight::breaking, part, "is at " + now + ", was at " + old);
        }
        if (old_role != now_role) {
            add(ChangeWeight::breaking, part, "needs another role");
        }
    }

    void compare_parameters(const std::vector<PackParameter>& old,
                            const std::vector<PackParameter>& now, const std::string& part)
    {
        for (const auto& one : old) {
            const auto* other = find_part(now, one.name);
            if (other == nullptr && !one.is_in_path) {
                add(ChangeWeight::breaking, part, "takes no " + one.name + " any more");
            } else if (other != nullptr &&
                       (other->type != one.type || (other->is_required && !one.is_required))) {
                add(ChangeWeight::breaking, part, "wants more of " + one.name);
            }
        }
        for (const auto& one : now) {
            if (one.is_required && !one.is_in_path && find_part(old, one.name) == nullptr) {
                add(ChangeWeight::breaking, part, "needs " + one.name);
            }
        }
    }

    void compare_query(const PackQuery& old, const PackQuery& now, const std::string& part)
    {
        compare_route(route_of(old.method, old.route), route_of(now.method, now.route), old.role,
                      now.role, part);
        compare_parameters(old.parameters, now.parameters, part);
        if (old.sql != now.sql || old.source != now.source) {
            add(ChangeWeight::note, part, "asks another question");
        }
        if (old.shape != now.shape || old.status != now.status ||
            text_or_none(old.row) != text_or_none(now.row) ||
            text_or_none(old.body) != text_or_none(now.body)) {
            add(ChangeWeight::breaking, part, "answers in another form");
        }
    }

    void compare_command(const PackCommand& old, const PackCommand& now, const std::string& part)
    {
        compare_route(route_of(old.method, old.route), route_of(now.method, now.route), old.role,
                      now.role, part);
        compare_parameters(old.parameters, now.parameters, part);
        if (old.body_schema != now.body_schema) {
            const bool takes_old =
                old.body_schema && now.body_schema &&
                find_breaks(*old.body_schema, *now.body_schema, Compatibility::backward).empty();
            add(takes_old ? ChangeWeight::note : ChangeWeight::breaking, part,
                takes_old ? "takes more bodies" : "does not take every body that it took");
        }
        if (old.status != now.status || text_or_none(old.response) != text_or_none(now.response)) {
            add(ChangeWeight::breaking, part, "answers in another form");
        }
    }

    void compare_guard(const PackGuard& old, const PackGuard& now, const std::string& part)
    {
        if (old.sql != now.sql || old.event_types != now.event_types ||
            old.commands != now.commands) {
            add(ChangeWeight::note, part, "judges otherwise");
        }
    }

    void compare_invariant(const PackInvariant& old, const PackInvariant& now,
                           const std::string& part)
    {
        if (old.sql != now.sql || old.every != now.every || old.severity != now.severity ||
            old.repeat != now.repeat || old.repeats_changed != now.repeats_changed ||
            old.breach_type != now.breach_type) {
            add(ChangeWeight::note, part, "has changed");
        }
    }

    void compare_schedule(const PackSchedule& old, const PackSchedule& now, const std::string& part)
    {
        if (old.sql != now.sql || old.every != now.every) {
            add(ChangeWeight::note, part, "has changed");
        }
    }

    void compare_reactor(const PackReactor& old, const PackReactor& now, const std::string& part)
    {
        if (old.event_types != now.event_types || old.action != now.action ||
            old.request.text() != now.request.text() || old.throttle != now.throttle ||
            old.attempts_max != now.attempts_max) {
            add(ChangeWeight::note, part, "has changed");
        }
    }

    void check_version()
    {
        if (before_.name != after_.name) {
            add(ChangeWeight::refused, "pack " + after_.name, "was called " + before_.name,
                "a pack keeps its name");
        }
        if (!result_.changes.empty() && after_.version <= before_.version) {
            add(ChangeWeight::refused, "pack " + after_.name, "has changed, its version has not",
                "version: " + std::to_string(before_.version + 1));
        }
    }

    const Pack& before_;
    const Pack& after_;
    PackDiff result_;
};

} // namespace

std::string_view name(ChangeWeight weight) noexcept
{
    constexpr std::array names{"note", "rebuild", "breaking", "refused"};
    return names[static_cast<std::size_t>(weight)];
}

bool PackDiff::is_deployable() const noexcept
{
    return std::none_of(changes.begin(), changes.end(), [](const PackChange& change) {
        return change.weight == ChangeWeight::refused;
    });
}

PackDiff diff_packs(const Pack& before, const Pack& after)
{
    return Comparison{before, after}.run();
}

} // namespace sealstream
