#pragma once

// What must always hold, whatever was killed.

#include "core/ports/event_index.hpp"
#include "integration/support/appender_client.hpp"
#include "integration/support/cluster.hpp"

namespace sealstream::testing {

// What is wrong with this log, in words; empty when all holds that check_ledger_invariants() says
// of the log. Streams of type "deal" must be chained, others not.
[[nodiscard]] std::vector<std::string>
broken_log_invariants(const std::vector<StoredRecord>& records, const AppendedByClients& appended);

// The same of the index, against the slow specification: the log itself, one event at a time.
[[nodiscard]] std::vector<std::string>
broken_index_invariants(const std::vector<StoredRecord>& records,
                        const std::vector<IndexedEvent>& indexed);

// Waits until the ledger has caught up, then checks with assertions of the test:
//   the log    positions and versions dense, chains unbroken, no id twice, every acknowledged event
//              exactly once and where it was acknowledged, no refused event
//   the index  equal to a fold from zero: ours, one event at a time, and the product's own rebuild
//   the audit  everything sealed and signed, and verifying
void check_ledger_invariants(Cluster& cluster, const AppendedByClients& appended);

} // namespace sealstream::testing
