// Numbers, sizes, arrays and members.

#include "core/schema/inclusion.hpp"
#include "core/schema/json_pointer.hpp"
#include "core/schema/json_schema.hpp"
#include "core/schema/schema_node.hpp"

#include <algorithm>
#include <array>

namespace sealstream {

namespace json = boost::json;

namespace {

std::optional<long double> number_in(const json::object& schema, std::string_view name)
{
    const auto* value = schema.if_contains(json_key(name));
    if (value == nullptr) {
        return std::nullopt;
    }
    if (const auto* integer = value->if_int64()) {
        return static_cast<long double>(*integer);
    }
    return value->is_uint64() ? static_cast<long double>(value->get_uint64())
                              : static_cast<long double>(value->get_double());
}

const json::value& value_or_true(const json::object& schema, std::string_view name)
{
    static const json::value everything(true);
    const auto* value = schema.if_contains(json_key(name));
    return value == nullptr ? everything : *value;
}

const json::object& members_of(const json::object& schema, std::string_view name)
{
    static const json::object none;
    const auto* value = schema.if_contains(json_key(name));
    return value == nullptr ? none : value->get_object();
}

bool has_name(const json::object& schema, std::string_view list, const json::value& name)
{
    const auto* names = schema.if_contains(json_key(list));
    return names != nullptr && std::find(names->get_array().begin(), names->get_array().end(),
                                         name) != names->get_array().end();
}

// What applies to element number `at`.
const json::value& element_schema(const json::object& schema, std::size_t at)
{
    const auto* prefix = schema.if_contains("prefixItems");
    const auto* own = prefix == nullptr ? nullptr : prefix->get_array().if_contains(at);
    return own == nullptr ? value_or_true(schema, "items") : *own;
}

std::size_t prefix_size(const json::object& schema)
{
    const auto* prefix = schema.if_contains("prefixItems");
    return prefix == nullptr ? 0 : prefix->get_array().size();
}

} // namespace

bool SchemaInclusion::has_valid_default(const Object& to, const Value& name) const
{
    const auto* member = members_of(to, "properties").if_contains(name.get_string());
    const auto* object = member == nullptr ? nullptr : member->if_object();
    if (object == nullptr || !object->contains("default") || !can_fill_defaults_) {
        return false;
    }
    const auto compiled = JsonSchema::compile(*member); // refused where it refers to other places
    return compiled && compiled->accepts(object->at("default"));
}

void SchemaInclusion::check_numbers(const Pair& pair)
{
    if ((pair.kinds & (kind::integer | kind::number)) == 0) {
        return;
    }
    const auto low = number_in(pair.from, "minimum");
    const auto above = number_in(pair.from, "exclusiveMinimum");
    const auto high = number_in(pair.from, "maximum");
    const auto below = number_in(pair.from, "exclusiveMaximum");
    const auto expect = [&](std::string_view keyword, auto is_implied) {
        const auto limit = number_in(pair.to, keyword);
        if (limit && !is_implied(*limit)) {
            fail(place_below(pair.pointer, keyword), "some numbers are not allowed any more");
        }
    };
    expect("minimum",
           [&](auto limit) { return (low && *low >= limit) || (above && *above >= limit); });
    expect("exclusiveMinimum",
           [&](auto limit) { return (low && *low > limit) || (above && *above >= limit); });
    expect("maximum",
           [&](auto limit) { return (high && *high <= limit) || (below && *below <= limit); });
    expect("exclusiveMaximum",
           [&](auto limit) { return (high && *high < limit) || (below && *below <= limit); });
    const auto* step = pair.to.if_contains("multipleOf");
    if (step != nullptr) {
        const json::object multiple{{"multipleOf", *step}};
        const auto* given = pair.from.if_contains("multipleOf");
        const auto compiled = JsonSchema::compile(json::value(multiple));
        if (given == nullptr || !compiled || !compiled->accepts(*given)) {
            fail(place_below(pair.pointer, "multipleOf"), "some numbers are not allowed any more");
        }
    }
}

void SchemaInclusion::check_sizes(const Pair& pair)
{
    struct Row {
        std::string_view keyword;
        std::uint8_t kind;
    };
    constexpr std::array rows{
        Row{"minLength", kind::string},     Row{"maxLength", kind::string},
        Row{"minItems", kind::array},       Row{"maxItems", kind::array},
        Row{"minProperties", kind::object}, Row{"maxProperties", kind::object}};
    for (const Row& row : rows) {
        const auto limit = number_in(pair.to, row.keyword);
        const bool is_lower = row.keyword.starts_with("min");
        if (!limit || (pair.kinds & row.kind) == 0 || (is_lower && *limit <= 0)) {
            continue;
        }
        const auto given = number_in(pair.from, row.keyword);
        if (!given || (is_lower ? *given < *limit : *given > *limit)) {
            fail(place_below(pair.pointer, row.keyword), "some sizes are not allowed any more");
        }
    }
}

// What can only be compared word for word.
void SchemaInclusion::check_equal(const Pair& pair)
{
    for (const auto* keyword : {"pattern", "format"}) {
        const auto* expected = pair.to.if_contains(keyword);
        if (expected != nullptr && (pair.kinds & kind::string) != 0 &&
            !is_same(pair.from.if_contains(keyword), expected)) {
            fail(place_below(pair.pointer, keyword), "is new or has changed");
        }
    }
    if ((pair.kinds & kind::array) == 0) {
        return;
    }
    const auto* unique = pair.to.if_contains("uniqueItems");
    if (unique != nullptr && unique->get_bool() &&
        !is_same(pair.from.if_contains("uniqueItems"), unique)) {
        fail(place_below(pair.pointer, "uniqueItems"), "equal elements are not allowed any more");
    }
    if (const auto* contains = pair.to.if_contains("contains")) {
        const bool is_kept =
            is_same(pair.from.if_contains("contains"), contains) &&
            value_or_true(pair.from, "minContains") == value_or_true(pair.to, "minContains") &&
            value_or_true(pair.from, "maxContains") == value_or_true(pair.to, "maxContains");
        if (!is_kept) {
            fail(place_below(pair.pointer, "contains"), "is new or has changed");
        }
    }
}

void SchemaInclusion::check_arrays(const Pair& pair)
{
    if ((pair.kinds & kind::array) == 0 ||
        (!pair.to.contains("items") && !pair.to.contains("prefixItems"))) {
        return;
    }
    const auto single = std::max(prefix_size(pair.from), prefix_size(pair.to));
    for (std::size_t at = 0; at < single; ++at) {
        const auto place =
            at < prefix_size(pair.to)
                ? place_below(place_below(pair.pointer, "prefixItems"), std::to_string(at))
                : place_below(pair.pointer, "items");
        holds(element_schema(pair.from, at), element_schema(pair.to, at), place);
    }
    holds(value_or_true(pair.from, "items"), value_or_true(pair.to, "items"),
          place_below(pair.pointer, "items"));
}

void SchemaInclusion::check_required(const Pair& pair)
{
    if ((pair.kinds & kind::object) == 0) {
        return;
    }
    if (const auto* names = pair.to.if_contains("required")) {
        for (const auto& name : names->get_array()) {
            if (!has_name(pair.from, "required", name) && !has_valid_default(pair.to, name)) {
                const auto& text = name.get_string();
                fail(place_below(pair.pointer, "required"),
                     "\"" + std::string{text.data(), text.size()} +
                         "\" may be missing, and has no default");
            }
        }
    }
    for (const auto& member : members_of(pair.to, "dependentRequired")) {
        const auto* given = members_of(pair.from, "dependentRequired").if_contains(member.key());
        for (const auto& name : member.value().get_array()) {
            const bool is_kept =
                has_name(pair.from, "required", name) ||
                (given != nullptr && std::find(given->get_array().begin(), given->get_array().end(),
                                               name) != given->get_array().end());
            if (!is_kept) {
                fail(place_below(place_below(pair.pointer, "dependentRequired"),
                                 {member.key().data(), member.key().size()}),
                     "is new or has changed");
            }
        }
    }
}

void SchemaInclusion::check_members(const Pair& pair)
{
    if ((pair.kinds & kind::object) == 0) {
        return;
    }
    const auto& mine = members_of(pair.from, "properties");
    const auto& theirs = members_of(pair.to, "properties");
    const auto* patterns = pair.to.if_contains("patternProperties");
    const bool has_patterns = pair.from.contains("patternProperties");
    static const Value everything(true);
    const Value& others = value_or_true(pair.from, "additionalProperties");
    const Value& rest = value_or_true(pair.to, "additionalProperties");
    const auto rest_place = place_below(pair.pointer, "additionalProperties");

    if (patterns != nullptr && !patterns->get_object().empty() &&
        !is_same(pair.from.if_contains("patternProperties"), patterns)) {
        fail(place_below(pair.pointer, "patternProperties"), "is new or has changed");
    }
    for (const auto& member : theirs) {
        const auto place = place_below(place_below(pair.pointer, "properties"),
                                       {member.key().data(), member.key().size()});
        const auto* known = mine.if_contains(member.key());
        // A name that a pattern of the writers fits is not one of their additional ones.
        const Value& given = known != nullptr ? *known : has_patterns ? everything : others;
        holds(given, member.value(), place);
    }
    for (const auto& member : mine) {
        if (!theirs.contains(member.key())) {
            holds(member.value(), rest, rest_place);
        }
    }
    if (patterns == nullptr) {
        for (const auto& member : members_of(pair.from, "patternProperties")) {
            holds(member.value(), rest, rest_place);
        }
    }
    holds(others, rest, rest_place);
}

} // namespace sealstream
