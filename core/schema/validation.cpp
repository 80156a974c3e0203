#include "core/schema/validation.hpp"

#include "core/event/canonical_json.hpp"
#include "core/schema/json_pointer.hpp"

#include <algorithm>
#include <cmath>

namespace sealstream {

namespace {

constexpr std::size_t recursion_max = 2000; // of checks within checks; a frame has some 300 bytes

std::uint8_t kinds_of_value(const boost::json::value& value)
{
    switch (value.kind()) {
    case boost::json::kind::null:
        return kind::null;
    case boost::json::kind::bool_:
        return kind::boolean;
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
        return kind::integer | kind::number;
    case boost::json::kind::double_:
        return value.get_double() == std::floor(value.get_double()) ? kind::integer | kind::number
                                                                    : kind::number;
    case boost::json::kind::string:
        return kind::string;
    case boost::json::kind::array:
        return kind::array;
    case boost::json::kind::object:
        break;
    }
    return kind::object;
}

std::string describe_kinds(std::uint8_t kinds)
{
    std::string text;
    for (const auto& [bit, name] : {std::pair{kind::null, "null"},
                                    {kind::boolean, "a boolean"},
                                    {kind::integer, "an integer"},
                                    {kind::number, "a number"},
                                    {kind::string, "a string"},
                                    {kind::array, "an array"},
                                    {kind::object, "an object"}}) {
        if ((kinds & bit) != 0) {
            text.append(text.empty() ? "" : " or ").append(name);
        }
    }
    return text;
}

} // namespace

bool SchemaValidation::run(const Value& value)
{
    const Place root;
    const bool is_good = check(0, value, root);
    if (has_run_out_ && faults_ != nullptr) {
        faults_->push_back(
            {"", "needs more than " + std::to_string(schema_steps_max) + " steps to be checked",
             ""});
    }
    return is_good && !has_run_out_;
}

bool SchemaValidation::check(NodeIndex index, const Value& value, const Place& place)
{
    if (++steps_ > schema_steps_max || depth_ > recursion_max) {
        has_run_out_ = true;
        return false;
    }
    const SchemaNode& node = nodes_[index];
    if (node.is_never) {
        return fail(node, "", place, "is not allowed here");
    }
    if (node.kinds != 0 && (node.kinds & kinds_of_value(value)) == 0) {
        return fail(node, "type", place, "must be " + describe_kinds(node.kinds));
    }
    ++depth_;
    bool is_good = true;
    if (node.constant && *node.constant != value) {
        is_good = fail(node, "const", place, "must be the one value that is allowed");
    }
    if (node.choices &&
        std::find(node.choices->begin(), node.choices->end(), value) == node.choices->end()) {
        is_good = fail(node, "enum", place, "must be one of the values listed");
    }
    if (node.numbers && value.is_number()) {
        is_good &= check_numbers(node, value, place);
    }
    if (const auto* text = value.if_string(); node.strings && text != nullptr) {
        is_good &= check_string(node, {text->data(), text->size()}, place);
    }
    if (node.arrays && value.is_array() && !may_stop(is_good)) {
        is_good &= check_array(node, value.get_array(), place);
    }
    if (node.objects && value.is_object() && !may_stop(is_good)) {
        is_good &= check_object(node, value, place);
    }
    if (!may_stop(is_good)) {
        is_good &= check_combined(node, value, place);
    }
    --depth_;
    return is_good;
}

bool SchemaValidation::check_array(const SchemaNode& node, const Array& array, const Place& place)
{
    const ArrayRules& rules = *node.arrays;
    bool is_good = true;
    if (array.size() < rules.count.least) {
        is_good = fail(node, "minItems", place,
                       "must have at least " + std::to_string(rules.count.least) + " elements");
    }
    if (array.size() > rules.count.most) {
        is_good = fail(node, "maxItems", place,
                       "must have at most " + std::to_string(rules.count.most) + " elements");
    }
    if (rules.is_unique) {
        std::vector<std::string> texts;
        texts.reserve(array.size());
        for (const Value& element : array) {
            texts.push_back(to_canonical_json(element));
        }
        std::sort(texts.begin(), texts.end());
        if (std::adjacent_find(texts.begin(), texts.end()) != texts.end()) {
            is_good = fail(node, "uniqueItems", place, "must not have two equal elements");
        }
    }
    if (rules.contains && !check_contains(node, array, place)) {
        is_good = false;
    }
    for (std::size_t at = 0; at < array.size() && !may_stop(is_good) && !has_run_out_; ++at) {
        const auto schema =
            at < rules.prefix.size() ? std::optional{rules.prefix[at]} : rules.items;
        if (schema) {
            const Place element{&place, {}, at, true};
            is_good &= check(*schema, array[at], element);
        }
    }
    return is_good;
}

bool SchemaValidation::check_contains(const SchemaNode& node, const Array& array,
                                      const Place& place)
{
    const ArrayRules& rules = *node.arrays;
    std::size_t count = 0;
    for (const Value& element : array) {
        count += fits(*rules.contains, element, place) ? 1U : 0U;
    }
    if (count < rules.contained.least) {
        return fail(node, "contains", place,
                    "must contain at least " + std::to_string(rules.contained.least) +
                        " elements of a certain form");
    }
    if (count > rules.contained.most) {
        return fail(node, "maxContains", place,
                    "must contain at most " + std::to_string(rules.contained.most) +
                        " elements of a certain form");
    }
    return true;
}

bool SchemaValidation::check_combined(const SchemaNode& node, const Value& value,
                                      const Place& place)
{
    bool is_good = true;
    if (node.reference) {
        is_good &= check(*node.reference, value, place);
    }
    for (const NodeIndex part : node.all_of) {
        if (may_stop(is_good)) {
            return false;
        }
        is_good &= check(part, value, place);
    }
    if (!node.any_of.empty() &&
        std::none_of(node.any_of.begin(), node.any_of.end(),
                     [&](NodeIndex part) { return fits(part, value, place); })) {
        is_good = fail(node, "anyOf", place, "fits none of the alternatives");
    }
    if (!node.one_of.empty()) {
        const auto count = count_fits(node.one_of, value, place);
        if (count != 1) {
            is_good = fail(node, "oneOf", place,
                           count == 0 ? "fits none of the alternatives"
                                      : "fits more than one of the alternatives");
        }
    }
    if (node.not_this && fits(*node.not_this, value, place)) {
        is_good = fail(node, "not", place, "has a form that is excluded");
    }
    return may_stop(is_good) ? false : check_condition(node, value, place) && is_good;
}

bool SchemaValidation::check_condition(const SchemaNode& node, const Value& value,
                                       const Place& place)
{
    if (!node.if_this || (!node.then_this && !node.else_this)) {
        return true;
    }
    const auto& chosen = fits(*node.if_this, value, place) ? node.then_this : node.else_this;
    return !chosen || check(*chosen, value, place);
}

bool SchemaValidation::fits(NodeIndex index, const Value& value, const Place& place)
{
    auto* const faults = std::exchange(faults_, nullptr);
    const bool is_good = check(index, value, place);
    faults_ = faults;
    return is_good;
}

std::size_t SchemaValidation::count_fits(const std::vector<NodeIndex>& of, const Value& value,
                                         const Place& place)
{
    return static_cast<std::size_t>(std::count_if(
        of.begin(), of.end(), [&](NodeIndex part) { return fits(part, value, place); }));
}

bool SchemaValidation::fail(const SchemaNode& node, std::string_view keyword, const Place& place,
                            std::string message)
{
    if (faults_ == nullptr || faults_->size() >= schema_faults_max) {
        return false;
    }
    std::vector<const Place*> path;
    for (const Place* at = &place; at->up != nullptr; at = at->up) {
        path.push_back(at);
    }
    SchemaFault fault{{}, std::move(message), node.pointer};
    for (auto at = path.rbegin(); at != path.rend(); ++at) {
        append_token(fault.pointer,
                     (*at)->is_index ? std::to_string((*at)->index) : std::string{(*at)->name});
    }
    if (!keyword.empty()) {
        append_token(fault.schema_pointer, keyword);
    }
    faults_->push_back(std::move(fault));
    return false;
}

} // namespace sealstream
