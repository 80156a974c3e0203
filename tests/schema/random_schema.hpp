#pragma once

// Small random schemas and documents that have to do with each other: members a to d, short texts
// over a and b, small numbers.

#include <boost/json/value.hpp>

#include <random>

namespace sealstream::testing {

[[nodiscard]] boost::json::value random_schema(std::mt19937_64& random, int depth);
[[nodiscard]] boost::json::value random_document(std::mt19937_64& random, int depth);

} // namespace sealstream::testing
