#pragma once

// Events for tests: a plain one with a telling id, and random ones that use every field and every
// kind of JSON.

#include "core/event/event.hpp"

#include <random>

namespace sealstream::testing {

// Number `number` in its id, salt and data; every name valid.
[[nodiscard]] Draft sample_draft(std::uint64_t number);
[[nodiscard]] Event sample_event(std::uint64_t number);

// Canonical JSON text of a random value; nests at most `depth` levels.
[[nodiscard]] std::string random_json(std::mt19937_64& random, std::size_t depth);

// A random event; chained in half of the cases (with hashes that are right).
[[nodiscard]] Event random_event(std::mt19937_64& random);

} // namespace sealstream::testing
