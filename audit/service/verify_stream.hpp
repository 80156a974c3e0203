#pragma once

// Verifies one stream: its versions are dense, its hashes chain, and each event is the one that its
// leaf was made for. It costs a few reads an event, however large the ledger is.
//
// It takes the leaves as they stand in the audit stream: that these are the signed ones is what
// verify_ledger() shows. An event without a leaf is counted as unsealed when nothing behind it in
// the stream is sealed, and is missing from the audit stream otherwise.

#include "audit/service/verify_ledger.hpp"

namespace sealstream {

// Uses findings_max of the options. Never fails, like verify_ledger(); `checkpoints` and the tree
// stay empty.
[[nodiscard]] Task<VerifyReport> verify_stream(EventLog& log, AuditLog& audit, StreamName stream,
                                               VerifyOptions options);

} // namespace sealstream
