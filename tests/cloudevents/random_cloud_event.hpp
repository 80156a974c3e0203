#pragma once

#include "core/cloudevents/cloud_event.hpp"

#include <random>

namespace sealstream::testing {

// A valid one that uses every attribute and every kind of data, with a type that the ledger takes
// and a subject that names a stream.
[[nodiscard]] CloudEvent random_cloud_event(std::mt19937_64& random);

// Parses, and fails the test when that does not work.
[[nodiscard]] CloudEvent structured(std::string_view json);

// {"specversion":"1.0","id":…,"source":"/s","type":"T","subject":"deal/1"} with `more` before the
// closing brace.
[[nodiscard]] std::string plain_json(std::string_view more = {});

} // namespace sealstream::testing
