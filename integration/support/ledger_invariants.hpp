#pragma once

// What must always hold, whatever was killed.

#include "integration/support/appender_client.hpp"
#include "integration/support/cluster.hpp"

namespace sealstream::testing {

// Waits until the ledger has caught up, then checks with assertions of the test:
//   the log    positions and versions dense, chains unbroken, no id twice, every acknowledged event
//              exactly once and where it was acknowledged, no refused event
//   the index  equal to a fold from zero: ours, one event at a time, and the product's own rebuild
//   the audit  everything sealed and signed, and verifying
void check_ledger_invariants(Cluster& cluster, const AppendedByClients& appended);

} // namespace sealstream::testing
