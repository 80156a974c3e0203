#include "projections/pack_projections.hpp"

#include "core/retention/expiry_event.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace sealstream {

namespace {

namespace json = boost::json;

constexpr std::string_view everything = "*";
constexpr const char* row_loop_begin = "DO $sealstream_rows$ DECLARE e record; BEGIN\n"
                                       "FOR e IN SELECT * FROM batch ORDER BY position LOOP\n";
constexpr const char* row_loop_end = "\nEND LOOP; END $sealstream_rows$";

// Event types have no quotes (core/event/names.hpp).
std::string upcast_statement(const FoldUpcast& upcast)
{
    return "UPDATE batch SET data = (" + upcast.data +
           "\n), schema_version = " + std::to_string(upcast.from + 1) + " WHERE type = '" +
           upcast.type + "' AND schema_version = " + std::to_string(upcast.from) + ";\n";
}

std::vector<std::string> followed(const Pack& pack, const PackProjection& projection)
{
    std::vector<std::string> types = projection.follows;
    if (types.empty()) {
        for (const PackStreamType& own : pack.stream_types) {
            types.push_back(own.name);
        }
        return types;
    }
    for (const std::string& type : types) {
        if (type == everything) {
            return {};
        }
    }
    return types;
}

std::string text_of(const json::object& object, std::string_view name)
{
    const auto* const value = object.if_contains(json::string_view{name.data(), name.size()});
    return value != nullptr && value->is_string()
               ? std::string{value->get_string().data(), value->get_string().size()}
               : std::string{};
}

const json::array* list_of(const json::object& object, json::string_view name)
{
    const auto* const value = object.if_contains(name);
    return value != nullptr ? value->if_array() : nullptr;
}

} // namespace

std::vector<Projection> pack_projections(const Pack& pack)
{
    std::vector<FoldUpcast> upcasts;
    for (const PackEventType& type : pack.event_types) {
        for (const PackUpcast& upcast : type.upcasts) {
            upcasts.push_back({type.name, upcast.from, upcast.data});
        }
    }
    std::vector<Projection> projections;
    for (const PackProjection& declared : pack.projections) {
        Projection made{projection_name(pack.name, declared.name), declared.tables_sql,
                        declared.indexes_sql, declared.apply_sql};
        made.pack = pack.name;
        made.form = declared.form;
        made.follows = followed(pack, declared);
        if (!made.follows.empty() && !pack.retention_classes.empty()) {
            made.follows.emplace_back(retention_stream_type); // tells what to forget
        }
        made.is_skipping = declared.is_skipping;
        made.upcasts = upcasts;
        projections.push_back(std::move(made));
    }
    return projections;
}

std::string definition_text(const Projection& projection)
{
    json::array follows;
    for (const std::string& type : projection.follows) {
        follows.emplace_back(type);
    }
    json::array upcasts;
    for (const FoldUpcast& upcast : projection.upcasts) {
        upcasts.push_back(
            json::object{{"type", upcast.type}, {"from", upcast.from}, {"data", upcast.data}});
    }
    const json::object definition{{"format", 1},
                                  {"tables", projection.schema_sql},
                                  {"indexes", projection.indexes_sql},
                                  {"apply", projection.apply_sql},
                                  {"pack", projection.pack},
                                  {"is_by_row", projection.form == FoldForm::rows},
                                  {"follows", std::move(follows)},
                                  {"is_skipping", projection.is_skipping},
                                  {"upcasts", std::move(upcasts)}};
    return json::serialize(definition);
}

Result<Projection> parse_definition(const std::string& name, std::string_view text)
{
    boost::system::error_code failed;
    const auto value = json::parse({text.data(), text.size()}, failed);
    const auto* const definition = failed ? nullptr : value.if_object();
    const auto* const format = definition != nullptr ? definition->if_contains("format") : nullptr;
    if (format == nullptr || *format != 1) {
        return Error{Errc::unsupported, "the definition of " + name + " has another format"};
    }
    Projection made{name, text_of(*definition, "tables"), text_of(*definition, "indexes"),
                    text_of(*definition, "apply")};
    made.pack = text_of(*definition, "pack");
    made.form = *definition->if_contains("is_by_row") == true ? FoldForm::rows : FoldForm::set;
    made.is_skipping = *definition->if_contains("is_skipping") == true;
    if (const auto* const follows = list_of(*definition, "follows"); follows != nullptr) {
        for (const json::value& type : *follows) {
            made.follows.emplace_back(type.get_string());
        }
    }
    if (const auto* const upcasts = list_of(*definition, "upcasts"); upcasts != nullptr) {
        for (const json::value& one : *upcasts) {
            const json::object& upcast = one.get_object();
            made.upcasts.push_back({text_of(upcast, "type"),
                                    static_cast<std::uint32_t>(upcast.at("from").get_int64()),
                                    text_of(upcast, "data")});
        }
    }
    return made;
}

std::string fold_script(const Projection& projection)
{
    std::string script;
    for (const FoldUpcast& upcast : projection.upcasts) {
        script += upcast_statement(upcast);
    }
    return projection.form == FoldForm::rows
               ? script + row_loop_begin + projection.apply_sql + row_loop_end
               : script + projection.apply_sql;
}

} // namespace sealstream
