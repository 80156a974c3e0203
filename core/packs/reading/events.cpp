#include "core/packs/pack_names.hpp"
#include "core/packs/reading/sections.hpp"
#include "core/rules/system_streams.hpp"

namespace sealstream {

namespace {

const std::vector<std::string> compatibilities{"backward", "forward", "full", "none"};

PackStreamType read_stream(Reading& reading, const DocumentMember& member)
{
    PackStreamType made{.name = member.key};
    if (!check_stream_type(member.key) || is_system_stream_type(member.key)) {
        reading.fail(member.place, member.key + " is no name of a stream type",
                     "small letters, digits, _ and -, beginning with a letter, not with " +
                         std::string{system_prefix});
    }
    if (member.value.kind == DocumentNode::Kind::null) {
        return made; // "task:" alone
    }
    MapReader map{reading, member.value, "stream type " + member.key};
    if (const auto* node = map.take("addressing")) {
        made.addressing = static_cast<Addressing>(reading.choice(*node, {"stream", "bucket"}));
    }
    if (const auto* node = map.take("chain")) {
        made.is_chained = reading.boolean(*node);
    }
    if (const auto* node = map.take("condition")) {
        made.is_condition_needed = reading.choice(*node, {"optional", "required"}) == 1;
    }
    if (const auto* node = map.take("retention")) {
        made.retention = reading.text(*node);
    }
    map.finish();
    if (made.addressing == Addressing::bucket && (made.is_condition_needed || made.is_chained)) {
        reading.fail(member.place, "a bucket has no conditions and no chain",
                     "use addressing: stream");
    }
    return made;
}

void check_retention(Reading& reading, const DocumentNode* node, const std::string& wanted,
                     const Pack& pack)
{
    const bool is_known = std::any_of(pack.retention_classes.begin(), pack.retention_classes.end(),
                                      [&](const auto& one) { return one.name == wanted; });
    if (node != nullptr && !is_known) {
        reading.fail(*node, "there is no retention class " + wanted,
                     "declare it: retention: {" + wanted + ": 30d}");
    }
}

std::vector<PackUpcast> read_upcasts(Reading& reading, const DocumentNode& node,
                                     std::uint32_t version)
{
    std::vector<PackUpcast> all;
    for (const auto& item : node.items) {
        MapReader map{reading, item, "upcast"};
        PackUpcast made;
        if (const auto* from = map.need("from")) {
            made.from = reading.whole(*from, 1, 10'000);
        }
        if (const auto* data = map.need("data")) {
            made.data = reading.sql(*data, SqlUse::expression, {}).text;
        }
        map.finish();
        if (!all.empty() && made.from != all.back().from + 1) {
            reading.fail(item, "upcasts must follow each other",
                         "from: " + std::to_string(all.back().from + 1));
        }
        all.push_back(std::move(made));
    }
    if (!node.is_list() || all.empty()) {
        reading.fail(node, "must be a list of {from, data}");
    } else if (all.back().from + 1 != version) {
        reading.fail(node, "the last upcast leads to version " +
                               std::to_string(all.back().from + 1) + ", the event is at " +
                               std::to_string(version));
    }
    return all;
}

void read_examples(Reading& reading, const DocumentNode& node, PackEventType& event)
{
    if (!node.is_list()) {
        reading.fail(node, "must be a list of {data, meta}");
    }
    std::optional<JsonSchema> schema;
    if (event.schema) {
        if (auto compiled = JsonSchema::compile(*event.schema)) {
            schema = std::move(*compiled);
        }
    }
    for (const auto& item : node.items) {
        MapReader map{reading, item, "example"};
        const DocumentNode* data = map.need("data");
        (void)map.take("meta");
        map.finish();
        event.examples.push_back(to_json(item));
        if (data == nullptr || !schema) {
            continue;
        }
        for (const auto& fault : schema->validate(to_json(*data))) {
            reading.fail(node_at(*data, fault.pointer),
                         "this example of " + event.name + " is not what the schema says: " +
                             (fault.pointer.empty() ? "" : fault.pointer + ": ") + fault.message);
        }
    }
}

void read_rules(Reading& reading, MapReader& map, PackEventType& event)
{
    if (const auto* node = map.take("redact")) {
        if (auto parsed = parse_redactions(to_json(*node)); parsed) {
            event.redactions = std::move(*parsed);
        } else {
            reading.fail(node_at(*node, parsed.error().pointer), parsed.error().context,
                         "such as {pointer: /data/password, mode: mask}");
        }
    }
    if (const auto* node = map.take("emit")) {
        if (auto parsed = parse_emission_policy(to_json(*node)); parsed) {
            event.emission = std::move(*parsed);
        } else {
            reading.fail(node_at(*node, parsed.error().pointer), parsed.error().context,
                         "such as {sources: [registry-*], skip_in_projection: false}");
        }
    }
}

void read_streams_of(Reading& reading, MapReader& map, PackEventType& event, const Pack& pack)
{
    const auto* node = map.take("streams");
    if (node == nullptr) {
        if (pack.stream_types.size() == 1) {
            event.streams = {pack.stream_types.front().name};
        } else {
            reading.fail(map.node(), map.what() + " has no streams",
                         "name the stream types that it may go to");
        }
        return;
    }
    event.streams = reading.texts(*node);
    for (const auto& name : event.streams) {
        if (pack.stream_type(name) == nullptr) {
            reading.fail(*node, "there is no stream type " + name, "declare it in streams");
        }
    }
}

PackEventType read_event(Reading& reading, const DocumentMember& member, const Pack& pack)
{
    PackEventType made{.name = member.key};
    if (!check_event_type(member.key)) {
        reading.fail(member.place, member.key + " is no name of an event type",
                     "letters, digits, '.', '_' and '-', beginning with a letter");
    }
    MapReader map{reading, member.value, "event " + member.key};
    if (const auto* node = map.take("summary")) {
        made.summary = reading.text(*node);
    }
    if (const auto* node = map.take("category")) {
        made.category = reading.text(*node);
    }
    if (const auto* node = map.take("retention")) {
        made.retention = reading.text(*node);
        check_retention(reading, node, made.retention, pack);
    }
    if (const auto* node = map.take("version")) {
        made.version = reading.whole(*node, 1, 10'000);
    }
    read_streams_of(reading, map, made, pack);
    if (const auto* node = map.take("schema")) {
        made.schema = reading.schema(*node);
    }
    if (const auto* node = map.take("compatibility")) {
        made.compatibility = static_cast<Compatibility>(reading.choice(*node, compatibilities));
    }
    read_rules(reading, map, made);
    if (made.emission && made.emission->stream_types.empty()) {
        made.emission->stream_types = made.streams;
    }
    if (const auto* node = map.take("upcasts")) {
        made.upcasts = read_upcasts(reading, *node, made.version);
    }
    if (const auto* node = map.take("examples")) {
        read_examples(reading, *node, made);
    }
    map.finish();
    return made;
}

} // namespace

void read_streams(Reading& reading, MapReader& top, Pack& pack)
{
    each_named(reading, top.take("retention"), "retention classes", [&](const auto& member) {
        const auto keep = reading.duration(member.value);
        if (keep < std::chrono::seconds{1}) {
            reading.fail(member.value, "a retention class keeps payloads for at least a second",
                         "such as 30d");
        }
        pack.retention_classes.push_back(
            {member.key, std::chrono::duration_cast<std::chrono::seconds>(keep)});
    });
    const auto* section = top.need("streams");
    each_named(reading, section, "stream types", [&](const auto& member) {
        pack.stream_types.push_back(read_stream(reading, member));
        check_retention(reading, member.value.find("retention"), pack.stream_types.back().retention,
                        pack);
    });
}

void read_events(Reading& reading, MapReader& top, Pack& pack)
{
    each_named(reading, top.need("events"), "event types", [&](const auto& member) {
        pack.event_types.push_back(read_event(reading, member, pack));
    });
}

} // namespace sealstream
