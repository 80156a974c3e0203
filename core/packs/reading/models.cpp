#include "core/packs/pack_names.hpp"
#include "core/packs/reading/sections.hpp"

namespace sealstream {

namespace {

void read_fold(Reading& reading, MapReader& map, PackProjection& projection)
{
    const auto* apply = map.take("apply");
    const auto* rows = map.take("rows");
    if ((apply == nullptr) == (rows == nullptr)) {
        reading.fail(map.node(), map.what() + " needs one fold",
                     "apply: (statements for a batch) or rows: (statements for each event)");
        return;
    }
    projection.form = apply != nullptr ? FoldForm::set : FoldForm::rows;
    const auto use = apply != nullptr ? SqlUse::apply : SqlUse::rows;
    projection.apply_sql = reading.sql(apply != nullptr ? *apply : *rows, use, {}).text;
}

void read_follows(Reading& reading, MapReader& map, PackProjection& projection)
{
    const auto* node = map.take("follows");
    if (node == nullptr) {
        return;
    }
    projection.follows = reading.texts(*node);
    for (const auto& type : projection.follows) {
        if (type != "*" && !check_stream_type(type)) {
            reading.fail(*node, type + " is no stream type", "or [\"*\"] for all of the ledger");
        }
    }
}

PackProjection read_projection(Reading& reading, const DocumentMember& member,
                               const std::string& pack)
{
    PackProjection made{.name = member.key};
    if (!is_pack_word(member.key, pack_name_bytes_max)) {
        reading.fail(member.place, member.key + " is no name of a projection",
                     "small letters, digits and _, beginning with a letter");
    } else if (projection_name(pack, member.key).size() > pack_name_bytes_max) {
        reading.fail(member.place, projection_name(pack, member.key) + " is too long for Postgres",
                     "pack and projection together: at most " +
                         std::to_string(pack_name_bytes_max) + " letters");
    }
    MapReader map{reading, member.value, "projection " + member.key};
    if (const auto* node = map.take("version")) {
        made.version = reading.whole(*node, 1, 10'000);
    }
    if (const auto* node = map.need("tables")) {
        made.tables_sql = reading.sql(*node, SqlUse::tables, {}).text;
    }
    if (const auto* node = map.take("indexes")) {
        made.indexes_sql = reading.sql(*node, SqlUse::indexes, {}).text;
    }
    read_fold(reading, map, made);
    read_follows(reading, map, made);
    if (const auto* node = map.take("skipped")) {
        made.is_skipping = !reading.boolean(*node);
    }
    map.finish();
    return made;
}

const SqlNames& guard_names()
{
    static const SqlNames names{
        {"stream_type", "text"}, {"stream_id", "text"}, {"type", "text"},
        {"data", "jsonb"},       {"meta", "jsonb"},     {"actor", "text"},
        {"source", "text"},      {"roles", "text[]"},   {"now", "timestamptz"},
    };
    return names;
}

PackGuard read_guard(Reading& reading, const DocumentMember& member, const Pack& pack)
{
    PackGuard made{.name = member.key};
    MapReader map{reading, member.value, "guard " + member.key};
    if (const auto* node = map.take("events")) {
        made.event_types = reading.texts(*node);
        for (const auto& type : made.event_types) {
            if (pack.event_type(type) == nullptr) {
                reading.fail(*node, "there is no event " + type, "declare it in events");
            }
        }
    }
    if (const auto* node = map.take("commands")) {
        made.commands = reading.texts(*node);
        for (const auto& name : made.commands) {
            const bool is_known = std::any_of(pack.commands.begin(), pack.commands.end(),
                                              [&](const auto& one) { return one.name == name; });
            if (!is_known) {
                reading.fail(*node, "there is no command " + name);
            }
        }
    }
    if (made.event_types.empty() && made.commands.empty()) {
        reading.fail(member.place, "this guards nothing", "name events or commands");
    }
    if (const auto* node = map.need("sql")) {
        made.sql = reading.sql(*node, SqlUse::query, guard_names());
    }
    map.finish();
    return made;
}

} // namespace

void read_projections(Reading& reading, MapReader& top, Pack& pack)
{
    each_named(reading, top.take("projections"), "projections", [&](const auto& member) {
        pack.projections.push_back(read_projection(reading, member, pack.name));
    });
}

void read_guards(Reading& reading, MapReader& top, Pack& pack)
{
    each_named(reading, top.take("guards"), "guards", [&](const auto& member) {
        pack.guards.push_back(read_guard(reading, member, pack));
    });
}

} // namespace sealstream
