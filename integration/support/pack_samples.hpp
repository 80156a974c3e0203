#pragma once

// A small pack for tests: transfers on accounts, and the balances that they make.

#include "integration/support/projector_home.hpp"
#include "projections/pack_projections.hpp"

namespace sealstream::testing {

// {"amount": units}, with a new id.
[[nodiscard]] Draft transfer(int units);

// A projection and pack of this name: balance(account, units).
[[nodiscard]] Projection balances(const std::string& name, FoldForm form);

// "a=5 b=7", by account: as the tables of the projection have it, and as the log says.
[[nodiscard]] std::string stored_balances(ProjectorHome& home, const std::string& projection);
[[nodiscard]] std::string expected_balances(ProjectorHome& home);

} // namespace sealstream::testing
