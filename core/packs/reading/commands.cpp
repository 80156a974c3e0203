#include "core/packs/reading/sections.hpp"

namespace sealstream {

namespace {

using Roots = std::vector<std::string>;

constexpr std::size_t command_events_max = 100;

const Roots& request_roots()
{
    static const Roots roots{"path", "query", "body", "caller", "now", "uuid"};
    return roots;
}

// One command while it is read.
struct CommandReader {
    Reading& reading;
    const Pack& pack;
    PackCommand made;

    JsonTemplate hole(const DocumentNode& node, const Roots& roots)
    {
        auto read = reading.json_template(node, roots);
        check_places(reading, node, read, made.parameters);
        return read;
    }

    std::optional<JsonTemplate> optional_hole(MapReader& map, std::string_view key)
    {
        const auto* node = map.take(key);
        return node == nullptr ? std::nullopt : std::optional{hole(*node, request_roots())};
    }

    void read_type_and_stream(MapReader& map, CommandEvent& event)
    {
        const PackEventType* type = nullptr;
        if (const auto* node = map.need("type")) {
            event.type = hole(*node, request_roots());
            type = pack.event_type(node->scalar);
            if (event.type.places().empty() && type == nullptr) {
                reading.fail(*node, "there is no event " + node->scalar, "declare it in events");
            }
        }
        const auto* node = map.need("stream");
        if (node == nullptr) {
            return;
        }
        event.stream = hole(*node, request_roots());
        const std::size_t slash = node->scalar.find('/');
        const std::string stream = node->scalar.substr(0, slash);
        if (slash == std::string::npos || pack.stream_type(stream) == nullptr) {
            reading.fail(*node, "must be a stream type of this pack, a slash and an id",
                         "such as \"" +
                             (pack.stream_types.empty() ? "task" : pack.stream_types.front().name) +
                             "/{path.id}\"");
        } else if (type != nullptr && std::find(type->streams.begin(), type->streams.end(),
                                                stream) == type->streams.end()) {
            reading.fail(*node, type->name + " does not go to streams of type " + stream,
                         "see streams of the event");
        }
    }

    void read_expected(const DocumentNode& node, CommandEvent& event)
    {
        const Roots words{"none", "absent", "exists"};
        const bool is_template = node.scalar.find('{') != std::string::npos;
        if (is_template) {
            event.expected = CommandCondition::version;
            event.expected_version = hole(node, request_roots());
        } else {
            event.expected = static_cast<CommandCondition>(reading.choice(node, words));
        }
    }

    void read_event(const DocumentNode& node)
    {
        CommandEvent event;
        MapReader map{reading, node, "event of command " + made.name};
        read_type_and_stream(map, event);
        if (const auto* data = map.need("data")) {
            event.data = hole(*data, request_roots());
        }
        event.meta = optional_hole(map, "meta");
        event.actor = optional_hole(map, "actor");
        event.time = optional_hole(map, "time");
        if (const auto* expected = map.take("expected")) {
            read_expected(*expected, event);
        }
        map.finish();
        made.events.push_back(std::move(event));
    }

    void read_events(MapReader& map)
    {
        const auto* events = map.take("events");
        const auto* sql = map.take("sql");
        if ((events == nullptr) == (sql == nullptr)) {
            reading.fail(map.node(), map.what() + " needs events",
                         "events: (a list), or sql: (whose rows are the events)");
            return;
        }
        if (sql != nullptr) {
            SqlNames names = route_names(made.parameters);
            names.insert_or_assign("body", "jsonb");
            names.insert_or_assign("now", "timestamptz");
            made.sql = reading.sql(*sql, SqlUse::query, names);
            return;
        }
        if (!events->is_list() || events->items.empty() ||
            events->items.size() > command_events_max) {
            reading.fail(*events, "must be a list of one to " + std::to_string(command_events_max) +
                                      " events");
        }
        for (const auto& item : events->items) {
            read_event(item);
        }
    }

    void read_response(MapReader& above)
    {
        const auto* node = above.take("response");
        if (node == nullptr) {
            return;
        }
        MapReader map{reading, *node, "response"};
        if (const auto* status = map.take("status")) {
            made.status = static_cast<int>(reading.whole(*status, 200, 299));
        }
        if (const auto* body = map.take("body")) {
            Roots roots = request_roots();
            roots.insert(roots.end(), {"events", "event"});
            made.response = hole(*body, roots);
        }
        map.finish();
    }

    void read(const DocumentMember& member)
    {
        made.name = member.key;
        MapReader map{reading, member.value, "command " + member.key};
        RouteText route{PackMethod::post, {}, {}};
        if (const auto* node = map.need("route")) {
            route = read_route(reading, *node, {"POST", "PUT", "PATCH", "DELETE"});
        }
        made.method = route.method;
        made.route = route.path;
        if (const auto* node = map.take("summary")) {
            made.summary = reading.text(*node);
        }
        made.role = read_role(reading, map.take("role"), PackRole::writer);
        made.parameters = read_parameters(reading, map.take("parameters"), route);
        if (const auto* node = map.take("body")) {
            made.body_schema = reading.schema(*node);
        }
        read_events(map);
        made.key = optional_hole(map, "key");
        read_response(map);
        map.finish();
    }
};

} // namespace

void read_commands(Reading& reading, MapReader& top, Pack& pack)
{
    each_named(reading, top.take("commands"), "commands", [&](const auto& member) {
        CommandReader reader{reading, pack, {}};
        reader.read(member);
        pack.commands.push_back(std::move(reader.made));
    });
}

} // namespace sealstream
