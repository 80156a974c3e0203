// What each keyword may have as its value, and where it goes.

#include "core/schema/compiler.hpp"
#include "core/schema/json_pointer.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>

namespace sealstream {

namespace json = boost::json;

namespace {

std::string text_of(const json::string& text)
{
    return {text.data(), text.size()};
}

// In place, or after it was made.
template <class T>
T& made(std::optional<T>& optional)
{
    return optional ? *optional : optional.emplace();
}

Result<Names> names_of(const json::value& value, const std::string& pointer)
{
    const auto* array = value.if_array();
    if (array == nullptr) {
        return fault_at(pointer, "must be an array of strings");
    }
    Names names;
    for (const auto& element : *array) {
        if (!element.is_string()) {
            return fault_at(pointer, "must be an array of strings");
        }
        names.push_back(text_of(element.get_string()));
    }
    return names;
}

std::uint8_t kind_of(std::string_view name)
{
    constexpr std::array<std::pair<std::string_view, std::uint8_t>, 7> table{
        {{"null", kind::null},
         {"boolean", kind::boolean},
         {"integer", kind::integer},
         {"number", kind::number},
         {"string", kind::string},
         {"array", kind::array},
         {"object", kind::object}}};
    const auto* found = std::find_if(table.begin(), table.end(),
                                     [name](const auto& row) { return row.first == name; });
    return found == table.end() ? std::uint8_t{0} : found->second;
}

} // namespace

bool SchemaCompiler::is_draft_7(const Value& name)
{
    const auto* text = name.if_string();
    return text != nullptr && (*text == "http://json-schema.org/draft-07/schema#" ||
                               *text == "http://json-schema.org/draft-07/schema");
}

Result<NodeIndex> SchemaCompiler::child(const Use& use)
{
    return compile(use.value, use.pointer, use.depth + 1);
}

Result<std::vector<NodeIndex>> SchemaCompiler::children(const Use& use)
{
    const auto* array = use.value.if_array();
    if (array == nullptr || array->empty()) {
        return fault_at(use.pointer, "must be an array of at least one schema");
    }
    std::vector<NodeIndex> indexes;
    for (const auto& element : *array) {
        const auto place = use.pointer + "/" + std::to_string(indexes.size());
        SEAL_TRY(index, compile(element, place, use.depth + 1));
        indexes.push_back(index);
    }
    return indexes;
}

Result<std::map<std::string, NodeIndex, std::less<>>> SchemaCompiler::named_children(const Use& use)
{
    const auto* object = use.value.if_object();
    if (object == nullptr) {
        return fault_at(use.pointer, "must be an object of schemas");
    }
    std::map<std::string, NodeIndex, std::less<>> indexes;
    for (const auto& member : *object) {
        const std::string name{member.key().data(), member.key().size()};
        std::string place = use.pointer;
        append_token(place, name);
        SEAL_TRY(index, compile(member.value(), place, use.depth + 1));
        indexes.emplace(name, index);
    }
    return indexes;
}

Result<void> SchemaCompiler::take_type(const Use& use)
{
    Names names;
    if (const auto* one = use.value.if_string()) {
        names.push_back(text_of(*one));
    } else {
        SEAL_TRY(several, names_of(use.value, use.pointer));
        names = std::move(several);
    }
    for (const auto& name : names) {
        const auto bit = kind_of(name);
        if (bit == 0) {
            return fault_at(use.pointer, "there is no such type");
        }
        node(use.node).kinds |= bit;
    }
    if (names.empty()) {
        return fault_at(use.pointer, "must name a type");
    }
    return {};
}

Result<void> SchemaCompiler::take_choices(const Use& use)
{
    SchemaNode& to = node(use.node);
    if (use.name == "const") {
        to.constant = use.value;
        return {};
    }
    const auto* array = use.value.if_array();
    if (array == nullptr || array->empty()) {
        return fault_at(use.pointer, "must be an array of at least one value");
    }
    to.choices.emplace(array->begin(), array->end());
    return {};
}

Result<void> SchemaCompiler::take_number(const Use& use)
{
    if (!use.value.is_number()) {
        return fault_at(use.pointer, "must be a number");
    }
    NumberRules& rules = made(node(use.node).numbers);
    if (use.name == "minimum") {
        rules.minimum = use.value;
    } else if (use.name == "maximum") {
        rules.maximum = use.value;
    } else if (use.name == "exclusiveMinimum") {
        rules.exclusive_minimum = use.value;
    } else if (use.name == "exclusiveMaximum") {
        rules.exclusive_maximum = use.value;
    } else {
        if (!(use.value.to_number<double>() > 0)) {
            return fault_at(use.pointer, "must be greater than 0");
        }
        rules.multiple_of = use.value;
    }
    return {};
}

Result<void> SchemaCompiler::take_size(const Use& use)
{
    const auto* number = use.value.if_int64();
    if (number == nullptr || *number < 0) {
        return fault_at(use.pointer, "must be an integer of 0 or more");
    }
    SchemaNode& to = node(use.node);
    Range& range = use.name.ends_with("Length")     ? made(to.strings).length
                   : use.name.ends_with("Items")    ? made(to.arrays).count
                   : use.name.ends_with("Contains") ? made(to.arrays).contained
                                                    : made(to.objects).count;
    (use.name.starts_with("min") ? range.least : range.most) = static_cast<std::size_t>(*number);
    return {};
}

Result<void> SchemaCompiler::take_pattern(const Use& use)
{
    const auto* text = use.value.if_string();
    if (text == nullptr) {
        return fault_at(use.pointer, "must be a string");
    }
    auto pattern = Pattern::compile({text->data(), text->size()});
    if (!pattern) {
        auto error = pattern.error();
        error.pointer = use.pointer;
        return error;
    }
    made(node(use.node).strings).pattern = *std::move(pattern);
    return {};
}

Result<void> SchemaCompiler::take_format(const Use& use)
{
    constexpr std::array<std::pair<std::string_view, Format>, 5> table{
        {{"date-time", Format::date_time},
         {"date", Format::date},
         {"uuid", Format::uuid},
         {"uri", Format::uri},
         {"uri-reference", Format::uri_reference}}};
    const auto* text = use.value.if_string();
    const auto* found = std::find_if(table.begin(), table.end(), [text](const auto& row) {
        return text != nullptr && row.first == std::string_view{text->data(), text->size()};
    });
    if (found == table.end()) {
        return fault_at(use.pointer,
                        "supported formats are date-time, date, uuid, uri and uri-reference");
    }
    made(node(use.node).strings).format = found->second;
    return {};
}

Result<void> SchemaCompiler::take_unique(const Use& use)
{
    if (!use.value.is_bool()) {
        return fault_at(use.pointer, "must be true or false");
    }
    made(node(use.node).arrays).is_unique = use.value.get_bool();
    return {};
}

Result<void> SchemaCompiler::take_names(const Use& use)
{
    SEAL_TRY(names, names_of(use.value, use.pointer));
    made(node(use.node).objects).required = std::move(names);
    return {};
}

Result<void> SchemaCompiler::take_dependent_names(const Use& use)
{
    const auto* object = use.value.if_object();
    if (object == nullptr) {
        return fault_at(use.pointer, "must be an object of arrays of strings");
    }
    auto& rules = made(node(use.node).objects).dependent_required;
    for (const auto& member : *object) {
        SEAL_TRY(names, names_of(member.value(), use.pointer));
        rules.emplace(std::string{member.key().data(), member.key().size()}, std::move(names));
    }
    return {};
}

Result<void> SchemaCompiler::take_child(const Use& use)
{
    if (use.name == "items" && use.value.is_array()) {
        return fault_at(use.pointer, "schemas of single elements are \"prefixItems\"");
    }
    SEAL_TRY(index, child(use));
    SchemaNode& to = node(use.node);
    if (use.name == "items") {
        made(to.arrays).items = index;
    } else if (use.name == "contains") {
        made(to.arrays).contains = index;
    } else if (use.name == "additionalProperties") {
        made(to.objects).additional = index;
    } else if (use.name == "propertyNames") {
        made(to.objects).names = index;
    } else if (use.name == "not") {
        to.not_this = index;
    } else if (use.name == "if") {
        to.if_this = index;
    } else if (use.name == "then") {
        to.then_this = index;
    } else {
        to.else_this = index;
    }
    return {};
}

Result<void> SchemaCompiler::take_children(const Use& use)
{
    SEAL_TRY(indexes, children(use));
    SchemaNode& to = node(use.node);
    (use.name == "prefixItems" ? made(to.arrays).prefix
     : use.name == "allOf"     ? to.all_of
     : use.name == "anyOf"     ? to.any_of
                               : to.one_of) = std::move(indexes);
    return {};
}

Result<void> SchemaCompiler::take_named_children(const Use& use)
{
    SEAL_TRY(indexes, named_children(use));
    if (use.name == "properties") {
        made(node(use.node).objects).properties = std::move(indexes);
    } else if (use.name == "dependentSchemas") {
        made(node(use.node).objects).dependent_schemas = std::move(indexes);
    }
    return {}; // $defs and definitions wait for a $ref
}

Result<void> SchemaCompiler::take_patterns(const Use& use)
{
    SEAL_TRY(indexes, named_children(use));
    auto& rules = made(node(use.node).objects);
    for (const auto& [text, index] : indexes) {
        auto pattern = Pattern::compile(text);
        if (!pattern) {
            auto error = pattern.error();
            error.pointer = use.pointer;
            append_token(error.pointer, text);
            return error;
        }
        rules.patterns.emplace_back(*std::move(pattern), index);
    }
    return {};
}

Result<void> SchemaCompiler::take_reference(const Use& use)
{
    const auto* text = use.value.if_string();
    // Fragments of the schema itself, as JSON Pointers without percent-encoding; nothing is
    // fetched.
    if (text == nullptr || text->empty() || text->front() != '#' ||
        (text->size() > 1 && (*text)[1] != '/') || text->find('%') != json::string::npos) {
        return fault_at(use.pointer, "\"$ref\" must be \"#\" or \"#/…\", a place in this schema");
    }
    pending_.push_back({use.node, text_of(*text).substr(1), use.pointer});
    return {};
}

Result<void> SchemaCompiler::take_root_only(const Use& use)
{
    const auto* text = use.value.if_string();
    if (use.depth != 0 || !node(use.node).pointer.empty() || text == nullptr) {
        return fault_at(use.pointer, "belongs into the root of the schema, as a string");
    }
    if (use.name == "$id") {
        return {};
    }
    if (!is_draft_7(use.value) && *text != "https://json-schema.org/draft/2020-12/schema") {
        return fault_at(use.pointer, "supported drafts are 2020-12 and draft-07");
    }
    return {};
}

} // namespace sealstream
