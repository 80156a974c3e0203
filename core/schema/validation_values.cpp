// Checks of numbers, strings and objects.

#include "core/base/clock.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/event_id.hpp"
#include "core/schema/validation.hpp"

#include <boost/url/parse.hpp>

#include <algorithm>
#include <cmath>

namespace sealstream {

namespace {

// 64 bits of mantissa or more: holds every value that a JSON number has here exactly.
long double exact(const boost::json::value& number)
{
    if (const auto* integer = number.if_int64()) {
        return static_cast<long double>(*integer);
    }
    if (const auto* natural = number.if_uint64()) {
        return static_cast<long double>(*natural);
    }
    return static_cast<long double>(number.get_double());
}

__extension__ using Wide = unsigned __int128;

struct Decimal { // digits * 10^exponent, without its sign
    std::uint64_t digits{0};
    int exponent{0};
};

// What is written, not the nearest double: 19.99 is a multiple of 0.01.
Decimal to_decimal(const boost::json::value& number)
{
    Decimal decimal;
    bool is_fraction = false;
    const std::string text = to_canonical_json(number);
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == 'e') {
            decimal.exponent += std::stoi(text.substr(at + 1));
            break;
        }
        if (text[at] == '.') {
            is_fraction = true;
        } else if (text[at] != '-') {
            decimal.digits = decimal.digits * 10 + static_cast<std::uint64_t>(text[at] - '0');
            decimal.exponent -= is_fraction ? 1 : 0;
        }
    }
    return decimal;
}

bool is_multiple(const boost::json::value& number, const boost::json::value& of)
{
    const Decimal left = to_decimal(number);
    const Decimal right = to_decimal(of);
    Wide divisor = right.digits; // more than 0, says the compiler of schemas
    for (int more = right.exponent; more > left.exponent && divisor <= left.digits; --more) {
        divisor *= 10;
    }
    Wide rest = left.digits % divisor;
    for (int more = left.exponent; more > right.exponent && rest != 0; --more) {
        rest = rest * 10 % divisor;
    }
    return rest == 0;
}

std::size_t code_points(std::string_view text)
{
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char letter) {
        return (static_cast<unsigned char>(letter) & 0xc0U) != 0x80U;
    }));
}

bool has_format(Format format, std::string_view text)
{
    switch (format) {
    case Format::none:
        return true;
    case Format::date_time:
        return static_cast<bool>(from_rfc3339(text));
    case Format::date:
        return text.size() == 10 && from_rfc3339(std::string{text} + "T00:00:00Z");
    case Format::uuid:
        return static_cast<bool>(EventId::parse(text));
    case Format::uri:
        return static_cast<bool>(boost::urls::parse_uri(text));
    case Format::uri_reference:
        break;
    }
    return static_cast<bool>(boost::urls::parse_uri_reference(text));
}

constexpr std::string_view name(Format format)
{
    switch (format) {
    case Format::none:
        return "";
    case Format::date_time:
        return "an RFC 3339 date and time";
    case Format::date:
        return "an RFC 3339 date";
    case Format::uuid:
        return "a UUID";
    case Format::uri:
        return "a URI";
    case Format::uri_reference:
        break;
    }
    return "a URI reference";
}

std::string_view text_of(boost::json::string_view text)
{
    return {text.data(), text.size()};
}

} // namespace

bool SchemaValidation::check_numbers(const SchemaNode& node, const Value& value, const Place& place)
{
    const NumberRules& rules = *node.numbers;
    const auto number = exact(value);
    bool is_good = true;
    const auto hold = [&](bool is_kept, std::string_view keyword, const char* relation,
                          const std::optional<Value>& limit) {
        if (!is_kept) {
            is_good = fail(node, keyword, place, relation + to_canonical_json(*limit));
        }
    };
    hold(!rules.minimum || number >= exact(*rules.minimum), "minimum", "must be at least ",
         rules.minimum);
    hold(!rules.maximum || number <= exact(*rules.maximum), "maximum", "must be at most ",
         rules.maximum);
    hold(!rules.exclusive_minimum || number > exact(*rules.exclusive_minimum), "exclusiveMinimum",
         "must be more than ", rules.exclusive_minimum);
    hold(!rules.exclusive_maximum || number < exact(*rules.exclusive_maximum), "exclusiveMaximum",
         "must be less than ", rules.exclusive_maximum);
    hold(!rules.multiple_of || is_multiple(value, *rules.multiple_of), "multipleOf",
         "must be a multiple of ", rules.multiple_of);
    return is_good;
}

bool SchemaValidation::check_string(const SchemaNode& node, std::string_view text,
                                    const Place& place)
{
    const StringRules& rules = *node.strings;
    bool is_good = true;
    const auto length = rules.length.is_limited() ? code_points(text) : rules.length.least;
    if (length < rules.length.least) {
        is_good = fail(node, "minLength", place,
                       "must have at least " + std::to_string(rules.length.least) + " characters");
    }
    if (length > rules.length.most) {
        is_good = fail(node, "maxLength", place,
                       "must have at most " + std::to_string(rules.length.most) + " characters");
    }
    if (rules.pattern && !may_stop(is_good) && !rules.pattern->matches(text)) {
        is_good = fail(node, "pattern", place, "does not match the pattern");
    }
    if (!has_format(rules.format, text)) {
        is_good = fail(node, "format", place, "must be " + std::string{name(rules.format)});
    }
    return is_good;
}

bool SchemaValidation::check_object(const SchemaNode& node, const Value& value, const Place& place)
{
    const ObjectRules& rules = *node.objects;
    const Object& object = value.get_object();
    bool is_good = true;
    if (object.size() < rules.count.least) {
        is_good = fail(node, "minProperties", place,
                       "must have at least " + std::to_string(rules.count.least) + " members");
    }
    if (object.size() > rules.count.most) {
        is_good = fail(node, "maxProperties", place,
                       "must have at most " + std::to_string(rules.count.most) + " members");
    }
    for (const auto& wanted : rules.required) {
        if (!object.contains(wanted)) {
            const Place missing{&place, wanted};
            is_good = fail(node, "required", missing, "is missing");
        }
    }
    if (!may_stop(is_good)) {
        is_good &= check_members(node, object, place);
    }
    return may_stop(is_good) ? false : check_dependents(node, value, place) && is_good;
}

bool SchemaValidation::check_members(const SchemaNode& node, const Object& object,
                                     const Place& place)
{
    const ObjectRules& rules = *node.objects;
    bool is_good = true;
    for (const auto& member : object) {
        if (may_stop(is_good) || has_run_out_) {
            return false;
        }
        const auto key = text_of(member.key());
        const Place inside{&place, key};
        bool is_known = false;
        if (const auto found = rules.properties.find(key); found != rules.properties.end()) {
            is_known = true;
            is_good &= check(found->second, member.value(), inside);
        }
        for (const auto& [pattern, schema] : rules.patterns) {
            if (pattern.matches(key)) {
                is_known = true;
                is_good &= check(schema, member.value(), inside);
            }
        }
        if (!is_known && rules.additional) {
            is_good &= check(*rules.additional, member.value(), inside);
        }
        if (rules.names && !fits(*rules.names, Value(member.key()), inside)) {
            is_good = fail(node, "propertyNames", inside, "has a name that is not allowed");
        }
    }
    return is_good;
}

bool SchemaValidation::check_dependents(const SchemaNode& node, const Value& value,
                                        const Place& place)
{
    const ObjectRules& rules = *node.objects;
    const Object& object = value.get_object();
    bool is_good = true;
    for (const auto& [name, others] : rules.dependent_required) {
        for (const auto& other : others) {
            if (object.contains(name) && !object.contains(other)) {
                const Place missing{&place, other};
                is_good = fail(node, "dependentRequired", missing,
                               "is missing, and must be there beside another member");
            }
        }
    }
    for (const auto& [name, schema] : rules.dependent_schemas) {
        if (object.contains(name)) {
            is_good &= check(schema, value, place);
        }
    }
    return is_good;
}

} // namespace sealstream
