#pragma once

// The files in which nats-server keeps a stream, as somebody with access to the disk may edit them.
// The server must be stopped meanwhile. What can not be done is thrown as std::runtime_error.
//
// A block is a row of records, little endian: u32 size of all (high bit: has headers), u64
// sequence, i64 time, u16 size and bytes of the subject, where there are headers u32 size and bytes
// of them, payload, u64 HighwayHash over sequence, time, subject, headers and payload. Its key is
// no secret: SHA-256 of "<stream>-<number of the block>".

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace sealstream::testing {

enum class Checksum : std::uint8_t { corrected, left_as_it_was };

// `store`: the folder of one server's JetStream data, of the account without a name.
[[nodiscard]] std::filesystem::path stream_folder(const std::filesystem::path& store,
                                                  const std::string& stream);

// Rewrites the payload of one message; `edit` must not change its size.
void edit_message(const std::filesystem::path& store, const std::string& stream,
                  std::uint64_t sequence, const std::function<void(std::string& payload)>& edit,
                  Checksum checksum);

// Removes what the server knows about its blocks, so that it reads them again when it starts.
void forget_index(const std::filesystem::path& store, const std::string& stream);

// The number of records whose checksum is right; throws when one is not. Shows that we understand
// the format.
[[nodiscard]] std::size_t count_intact_records(const std::filesystem::path& store,
                                               const std::string& stream);

} // namespace sealstream::testing
