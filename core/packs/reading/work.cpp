#include "core/packs/reading/sections.hpp"

namespace sealstream {

namespace {

constexpr std::chrono::milliseconds every_least{100};

std::chrono::milliseconds read_every(Reading& reading, MapReader& map,
                                     std::chrono::milliseconds otherwise)
{
    const auto* node = map.take("every");
    if (node == nullptr) {
        return otherwise;
    }
    const auto every = reading.duration(*node);
    if (every < every_least) {
        reading.fail(*node, "is too often", "at least 100ms");
    }
    return every;
}

// The ledger appends it to a stream of its own, so nobody else may.
std::string read_breach_type(Reading& reading, const DocumentNode& node, const Pack& pack)
{
    auto type = reading.text(node);
    if (!check_event_type(type)) {
        reading.fail(node, type + " is no event type");
    } else if (pack.event_type(type) != nullptr) {
        reading.fail(node, type + " is an event of the pack", "a name that no event has");
    }
    return type;
}

void read_action(Reading& reading, MapReader& map, PackReactor& made)
{
    const auto* http = map.take("http");
    const auto* mail = map.take("mail");
    if ((http == nullptr) == (mail == nullptr)) {
        reading.fail(map.node(), map.what() + " needs one action", "http: or mail:");
        return;
    }
    made.action = http != nullptr ? ReactorAction::http : ReactorAction::mail;
    MapReader action{reading, http != nullptr ? *http : *mail, http != nullptr ? "http" : "mail"};
    for (const auto* key : http != nullptr ? std::vector{"url"} : std::vector{"to", "subject"}) {
        (void)action.need(key);
    }
    for (const auto* key :
         http != nullptr ? std::vector{"method", "headers", "body"} : std::vector{"text"}) {
        (void)action.take(key);
    }
    action.finish();
    made.request = reading.json_template(action.node(), {"event"});
}

PackReactor read_reactor(Reading& reading, const DocumentMember& member)
{
    PackReactor made{.name = member.key};
    MapReader map{reading, member.value, "reactor " + member.key};
    if (const auto* node = map.need("events")) {
        made.event_types = reading.texts(*node);
        for (const auto& type : made.event_types) {
            if (!check_event_type(type)) {
                reading.fail(*node, type + " is no event type");
            }
        }
    }
    read_action(reading, map, made);
    if (const auto* node = map.take("attempts")) {
        made.attempts_max = reading.whole(*node, 1, 100);
    }
    if (const auto* node = map.take("throttle")) {
        made.throttle = reading.duration(*node);
    }
    if (const auto* node = map.take("enabled")) {
        made.is_enabled = reading.boolean(*node);
    }
    map.finish();
    return made;
}

} // namespace

void read_invariants(Reading& reading, MapReader& top, Pack& pack)
{
    each_named(reading, top.take("invariants"), "invariants", [&](const auto& member) {
        PackInvariant made{.name = member.key};
        MapReader map{reading, member.value, "invariant " + member.key};
        if (const auto* node = map.need("summary")) {
            made.summary = reading.text(*node);
        }
        if (const auto* node = map.need("sql")) {
            made.sql = reading.sql(*node, SqlUse::query, {});
        }
        made.every = read_every(reading, map, made.every);
        if (const auto* node = map.take("severity")) {
            made.severity = static_cast<Severity>(reading.choice(*node, {"warn", "page"}));
        }
        if (const auto* node = map.take("repeat")) {
            made.repeat = reading.duration(*node);
        }
        if (const auto* node = map.take("repeat_changed")) {
            made.repeats_changed = reading.boolean(*node);
        }
        if (const auto* node = map.take("event")) {
            made.breach_type = read_breach_type(reading, *node, pack);
        }
        map.finish();
        pack.invariants.push_back(std::move(made));
    });
}

void read_reactors(Reading& reading, MapReader& top, Pack& pack)
{
    each_named(reading, top.take("reactors"), "reactors",
               [&](const auto& member) { pack.reactors.push_back(read_reactor(reading, member)); });
}

void read_schedules(Reading& reading, MapReader& top, Pack& pack)
{
    each_named(reading, top.take("schedules"), "schedules", [&](const auto& member) {
        PackSchedule made{.name = member.key};
        MapReader map{reading, member.value, "schedule " + member.key};
        if (const auto* node = map.need("sql")) {
            made.sql = reading.sql(*node, SqlUse::query, {{"now", "timestamptz"}});
        }
        made.every = read_every(reading, map, made.every);
        map.finish();
        pack.schedules.push_back(std::move(made));
    });
}

} // namespace sealstream
