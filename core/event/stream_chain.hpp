#pragma once

// The hash chain inside one stream. Each event's hash covers its content, its place and the hash
// before it:
//
//   hash = SHA-256( "sealstream/stream-chain/v1" 00
//                   prev_hash (32 bytes; zeros for version 1)
//                   u64 version
//                   u32 length, stream "type/id"
//                   u32 length, event type
//                   16 bytes event id
//                   u32 length, source
//                   u32 length, actor
//                   i64 time in nanoseconds (-2^63 when there is none)
//                   u32 length, key
//                   32 bytes salt
//                   u32 length, data (canonical JSON, exact bytes)
//                   u32 length, meta (canonical JSON, exact bytes; empty when there is none) )
//
// Integers are big endian. Every field has a fixed size or a length before it, and the label ends
// in 00, so no two different events feed the same bytes. A chain shows order and edits, never a
// cut-off tail: the audit tree does that.

#include "core/event/event.hpp"

namespace sealstream {

inline constexpr Digest chain_start{}; // prev_hash of version 1

[[nodiscard]] Digest chain_hash(const Event& event, const Digest& prev_hash);

// Gives `event` its hashes.
void chain(Event& event, const Digest& prev_hash);

// `event` must be chained, directly after `prev_hash`.
//   corrupt   it is not
[[nodiscard]] Result<void> check_chain(const Event& event, const Digest& prev_hash);

} // namespace sealstream
