#pragma once

// JSON as answers show it: members in the order in which they were made, numbers as short as they
// are. Canonical JSON sorts, and Boost's own writer gives every double an exponent.

#include <boost/json/value.hpp>

#include <string>

namespace sealstream::http {

void append_json(std::string& to, const boost::json::value& value);

} // namespace sealstream::http
