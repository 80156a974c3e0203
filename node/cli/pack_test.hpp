#pragma once

// `sealstream pack test`: every case of tests/*.yaml, each on a ledger of its own in one private
// Postgres (profile single-database), through the same node and projector as in production.

#include "core/base/result.hpp"

#include <string>

namespace sealstream::cli {

struct PackTestFlags {
    std::string folder;
    std::string only; // cases whose name has this text
    bool is_json{false};
};

// The exit code: ok, or rejected when a case does not hold.
//   unsupported, unavailable   there is no Postgres to start
[[nodiscard]] Result<int> run_pack_tests(const PackTestFlags& flags);

} // namespace sealstream::cli
