// Every keyword of a schema is one more condition. So `from` lies in `to` when it implies each
// condition of `to`; conditions that only `from` has do no harm.
//
// References may be recursive: a pair that is being compared further up is taken to hold. That is
// sound, because documents are finite and compiled schemas always go down on the way round.

#include "core/schema/inclusion.hpp"

#include "core/schema/json_pointer.hpp"
#include "core/schema/json_schema.hpp"
#include "core/schema/schema_node.hpp"

#include <algorithm>
#include <array>

namespace sealstream {

namespace json = boost::json;

namespace {

constexpr std::uint8_t any_kind = 127;

std::uint8_t kind_named(std::string_view name)
{
    return name == "null"      ? kind::null
           : name == "boolean" ? kind::boolean
           : name == "integer" ? kind::integer
           : name == "number"  ? kind::integer | kind::number
           : name == "string"  ? kind::string
           : name == "array"   ? kind::array
                               : kind::object;
}

std::uint8_t kind_of_value(const json::value& value)
{
    if (value.is_number()) {
        return value.is_double() ? kind::integer | kind::number : kind::integer;
    }
    return value.is_null()     ? kind::null
           : value.is_bool()   ? kind::boolean
           : value.is_string() ? kind::string
           : value.is_array()  ? kind::array
                               : kind::object;
}

std::uint8_t kinds_named(const json::object& schema)
{
    const auto* type = schema.if_contains("type");
    if (type == nullptr) {
        return any_kind;
    }
    const auto named = [](const json::value& name) {
        return kind_named({name.get_string().data(), name.get_string().size()});
    };
    if (type->is_string()) {
        return named(*type);
    }
    std::uint8_t kinds = 0;
    for (const auto& name : type->get_array()) {
        kinds |= named(name);
    }
    return kinds;
}

std::uint8_t kinds_of(const json::object& schema)
{
    std::uint8_t of_values = 0;
    if (const auto* constant = schema.if_contains("const")) {
        of_values = kind_of_value(*constant);
    } else if (const auto* choices = schema.if_contains("enum")) {
        for (const auto& value : choices->get_array()) {
            of_values |= kind_of_value(value);
        }
    } else {
        of_values = any_kind;
    }
    return kinds_named(schema) & of_values;
}

bool has_reference(const json::value& value)
{
    if (const auto* array = value.if_array()) {
        return std::any_of(array->begin(), array->end(), has_reference);
    }
    const auto* object = value.if_object();
    return object != nullptr &&
           (object->contains("$ref") ||
            std::any_of(object->begin(), object->end(),
                        [](const auto& member) { return has_reference(member.value()); }));
}

// Whether a condition looks at a whole value, so that filling in a member could break it.
bool looks_at_wholes(const json::value& schema)
{
    if (const auto* array = schema.if_array()) {
        return std::any_of(array->begin(), array->end(), looks_at_wholes);
    }
    const auto* object = schema.if_object();
    if (object == nullptr) {
        return false;
    }
    for (const auto* keyword :
         {"anyOf", "oneOf", "not", "if", "enum", "const", "contains", "uniqueItems",
          "minProperties", "maxProperties", "dependentRequired", "dependentSchemas",
          "propertyNames", "patternProperties"}) {
        if (object->contains(keyword)) {
            return true;
        }
    }
    return std::any_of(object->begin(), object->end(),
                       [](const auto& member) { return looks_at_wholes(member.value()); });
}

} // namespace

SchemaInclusion::SchemaInclusion(const Value& from, const Value& to)
    : from_root_{from},
      to_root_{to},
      can_fill_defaults_{!looks_at_wholes(to)}
{
}

std::vector<SchemaBreak> SchemaInclusion::run()
{
    holds(from_root_, to_root_, "");
    return std::move(breaks_);
}

bool SchemaInclusion::holds(const Value& from, const Value& to, const std::string& pointer)
{
    if (++steps_ > comparison_steps_max || depth_ > comparison_depth_max) {
        fail(pointer, "the schemas are too complex to be compared");
        return false;
    }
    const bool accepts_all = to.is_bool() ? to.get_bool() : to.get_object().empty();
    const bool accepts_none = from.is_bool() && !from.get_bool();
    if (accepts_all || accepts_none) {
        return true;
    }
    if (to.is_bool()) {
        fail(pointer, "is not allowed any more");
        return false;
    }
    const auto pair = std::pair{&from, &to};
    if (!assumed_.insert(pair).second) {
        return true;
    }
    static const Value nothing_said(Object{});
    ++depth_;
    const bool is_good = objects_hold(from.is_object() ? from : nothing_said, to, pointer);
    --depth_;
    assumed_.erase(pair);
    return is_good;
}

bool SchemaInclusion::holds_silently(const Value& from, const Value& to, const std::string& pointer)
{
    auto breaks = std::exchange(breaks_, {});
    const bool is_good = holds(from, to, pointer);
    breaks_ = std::move(breaks);
    return is_good;
}

bool SchemaInclusion::objects_hold(const Value& from, const Value& to, const std::string& pointer)
{
    if (values_hold(from.get_object(), to)) {
        return true;
    }
    auto before = std::exchange(breaks_, {});
    const Pair pair{from, from.get_object(), to.get_object(), pointer, kinds_of(from.get_object())};
    if (const auto* reference = pair.to.if_contains("$ref")) {
        const auto* target = resolve(to_root_, *reference);
        holds(from, *target, place_below(pointer, "$ref"));
    }
    check_values(pair);
    check_numbers(pair);
    check_sizes(pair);
    check_equal(pair);
    check_arrays(pair);
    check_required(pair);
    check_members(pair);
    check_alternatives(pair);
    bool is_good = breaks_.empty();
    if (!is_good && steps_ <= comparison_steps_max) {
        auto found = std::exchange(breaks_, {});
        is_good = holds_by_parts(pair.from, to, pointer);
        breaks_ = is_good ? std::vector<SchemaBreak>{} : std::move(found);
    }
    before.insert(before.end(), std::make_move_iterator(breaks_.begin()),
                  std::make_move_iterator(breaks_.end()));
    breaks_ = std::move(before);
    return is_good;
}

// Where writers list their values, each can be tried.
bool SchemaInclusion::values_hold(const Object& from, const Value& to) const
{
    const auto* constant = from.if_contains("const");
    const auto* choices = from.if_contains("enum");
    if ((constant == nullptr && choices == nullptr) || has_reference(to)) {
        return false;
    }
    const auto compiled = JsonSchema::compile(to);
    if (!compiled) {
        return false;
    }
    if (constant != nullptr) {
        return compiled->accepts(*constant);
    }
    const auto& all = choices->get_array();
    return std::all_of(all.begin(), all.end(),
                       [&](const Value& value) { return compiled->accepts(value); });
}

// One part of a conjunction may be enough; of alternatives all must be.
bool SchemaInclusion::holds_by_parts(const Object& from, const Value& to,
                                     const std::string& pointer)
{
    const auto is_enough = [&](const Value& part) { return holds_silently(part, to, pointer); };
    if (const auto* reference = from.if_contains("$ref")) {
        if (is_enough(*resolve(from_root_, *reference))) {
            return true;
        }
    }
    if (const auto* parts = from.if_contains("allOf")) {
        const auto& all = parts->get_array();
        if (std::any_of(all.begin(), all.end(), is_enough)) {
            return true;
        }
    }
    for (const auto* alternatives : {"anyOf", "oneOf"}) {
        if (const auto* parts = from.if_contains(alternatives)) {
            const auto& all = parts->get_array();
            if (std::all_of(all.begin(), all.end(), is_enough)) {
                return true;
            }
        }
    }
    return false;
}

const json::value* SchemaInclusion::resolve(const Value& root, const Value& reference) const
{
    const auto& text = reference.get_string();
    const auto tokens = parse_pointer({text.data() + 1, text.size() - 1});
    return find(root, *tokens); // both schemas compile, so it leads somewhere
}

bool SchemaInclusion::is_same(const Value* from, const Value* to) const
{
    if (from == nullptr || *from != *to) {
        return false;
    }
    // Equal words mean the same only where the places that they refer to are the same.
    return !has_reference(*to) || from_root_ == to_root_;
}

void SchemaInclusion::fail(std::string pointer, std::string message)
{
    if (breaks_.size() < schema_breaks_max) {
        breaks_.push_back({std::move(pointer), std::move(message)});
    }
}

void SchemaInclusion::check_values(const Pair& pair)
{
    if (pair.to.contains("type")) {
        const std::uint8_t lost = pair.kinds & static_cast<std::uint8_t>(~kinds_named(pair.to));
        if (lost != 0) {
            fail(place_below(pair.pointer, "type"), "some types are not allowed any more");
        }
    }
    json::array possible;
    if (const auto* constant = pair.from.if_contains("const")) {
        possible.push_back(*constant);
    } else if (const auto* choices = pair.from.if_contains("enum")) {
        possible = choices->get_array();
    }
    const auto is_new = [&pair, this](const char* keyword) {
        const auto* expected = pair.to.if_contains(keyword);
        return expected != nullptr && !is_same(pair.from.if_contains(keyword), expected);
    };
    if (const auto* constant = pair.to.if_contains("const"); is_new("const")) {
        if (possible.size() != 1 || possible.front() != *constant) {
            fail(place_below(pair.pointer, "const"), "other values are not allowed any more");
        }
    }
    if (const auto* choices = pair.to.if_contains("enum"); is_new("enum")) {
        const auto& known = choices->get_array();
        const bool are_known =
            !possible.empty() && std::all_of(possible.begin(), possible.end(), [&](const auto& v) {
                return std::find(known.begin(), known.end(), v) != known.end();
            });
        if (!are_known) {
            fail(place_below(pair.pointer, "enum"), "some values are not allowed any more");
        }
    }
}

void SchemaInclusion::check_alternatives(const Pair& pair)
{
    const Value& whole = pair.whole;
    if (const auto* parts = pair.to.if_contains("allOf")) {
        std::size_t number = 0;
        for (const auto& part : parts->get_array()) {
            holds(whole, part,
                  place_below(place_below(pair.pointer, "allOf"), std::to_string(number++)));
        }
    }
    if (const auto* parts = pair.to.if_contains("anyOf")) {
        const auto& all = parts->get_array();
        const auto place = place_below(pair.pointer, "anyOf");
        const bool has_one = std::any_of(all.begin(), all.end(), [&](const Value& part) {
            return holds_silently(whole, part, place);
        });
        if (!has_one && !is_same(pair.from.if_contains("anyOf"), parts)) {
            fail(place, "may fit none of the alternatives");
        }
    }
    for (const std::string_view keyword : {"oneOf", "not", "dependentSchemas", "propertyNames"}) {
        const auto* expected = pair.to.if_contains(json_key(keyword));
        if (expected != nullptr && !is_same(pair.from.if_contains(json_key(keyword)), expected)) {
            fail(place_below(pair.pointer, keyword), "is new or has changed");
        }
    }
    for (const std::string_view keyword : {"if", "then", "else"}) {
        const auto* expected = pair.to.if_contains(json_key(keyword));
        const bool is_alone =
            !pair.to.contains("if") || (!pair.to.contains("then") && !pair.to.contains("else"));
        const auto* given = pair.from.if_contains(json_key(keyword));
        if (!is_alone && expected != nullptr && !is_same(given, expected)) {
            fail(place_below(pair.pointer, keyword), "is new or has changed");
        }
    }
}

} // namespace sealstream
