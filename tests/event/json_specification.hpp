#pragma once

// Canonical JSON as the standard words it, as slow as it likes, and the same values spelled in wild
// ways.

#include <boost/json/value.hpp>

#include <random>
#include <string>

namespace sealstream::testing {

// RFC 8785 with our two differences: exact integers, and an exponent from 2^53 on.
[[nodiscard]] std::string specified_canonical(const boost::json::value& value);

// The value in JSON with members in any order, white space, useless escapes, and other spellings of
// numbers.
[[nodiscard]] std::string wild_spelling(const boost::json::value& value, std::mt19937_64& random);

} // namespace sealstream::testing
