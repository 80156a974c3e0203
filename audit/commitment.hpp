#pragma once

// What a leaf holds in place of data: hashes that nobody can turn back, not even by guessing,
// without the salt that stands in the record. Destroying a record with its salt therefore leaves
// every proof intact and nothing to guess at.
//
//   record        SHA-256( "sealstream/record/v1" 00 || salt (32) || u64 length || exact record
//   bytes ) stream        SHA-256( "sealstream/stream/v1" 00 || salt (32) || u64 length ||
//   "type/id" ) incarnation   SHA-256( "sealstream/incarnation/v1" 00 || u64 length || incarnation
//   of the log )
//
// Integers are big endian. Labels end in 00, so that none is the beginning of another.

#include "core/event/event.hpp"

namespace sealstream {

[[nodiscard]] Digest commit_record(const Salt& salt, ByteView record);
[[nodiscard]] Digest commit_stream(const Salt& salt, std::string_view type_slash_id);
[[nodiscard]] Digest commit_incarnation(std::string_view incarnation);

} // namespace sealstream
