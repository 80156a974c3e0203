#pragma once

// The one canonical form of a JSON value: RFC 8785 (JCS), with two differences, because ledgers
// count. Integers from -2^63 to 2^64-1 stay exact; a number with a fraction or exponent is a
// double, and a double of 2^53 or more is written with an exponent, so that it never reads back as
// an integer.
//
// Input is read strictly (RFC 8259 and RFC 7493): what parsers disagree about is refused, with a
// JSON Pointer to the place:
//   malformed            not JSON, or more than one value
//   duplicate_key        an object names a member twice
//   invalid_utf8         text that is not UTF-8
//   lone_surrogate       an escape with half of a pair
//   number_out_of_range  an integer beyond 64 bits, or a number that overflows a double
//   too_deep, too_large  beyond the limits

#include "core/base/result.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace sealstream {

struct JsonLimits {
    std::size_t depth_max{64};
    std::size_t bytes_max{1 << 20};
};

// Parses strictly. Integral doubles below 2^53 become integers, so equal numbers are equal values.
[[nodiscard]] Result<boost::json::value> parse_json(std::string_view text, JsonLimits limits = {});

// Writes canonically: members sorted by UTF-16 code units, shortest numbers, least escapes, no
// white space.
[[nodiscard]] std::string to_canonical_json(const boost::json::value& value);
void append_canonical_json(std::string& to, const boost::json::value& value);
void append_canonical_string(std::string& to, std::string_view text);

// parse_json and to_canonical_json in one go.
[[nodiscard]] Result<std::string> canonical_json(std::string_view text, JsonLimits limits = {});

} // namespace sealstream
