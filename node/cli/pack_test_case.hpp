#pragma once

// One case of a pack's tests, against a running node whose ledger is new and has that pack mounted
// at the root.

#include "core/base/clock.hpp"
#include "core/packs/pack.hpp"
#include "core/packs/pack_cases.hpp"
#include "node/cli/node_client.hpp"
#include "postgres/connection.hpp"

namespace sealstream::cli {

struct CaseWorld {
    NodeUrl url;
    std::string ledger;
    PackPtr pack;
    Connection* database; // of a role that may read everything
    const Clock* clock;
};

// What is not as the case says, a line each with its place; empty: the case holds. The world
// outlives the call.
//   unavailable, and what else keeps a case from being tried
[[nodiscard]] Task<Result<std::vector<std::string>>> run_case(CaseWorld& world, PackCase wanted);

} // namespace sealstream::cli
