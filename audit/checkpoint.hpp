#pragma once

// The text that commits to a whole tree (C2SP tlog-checkpoint), signed as a note:
//
//   <origin>                 which log; for us the name of its key
//   <size>                   decimal, no leading zeros
//   <base64 of the root>
//   [extension lines]        kept verbatim, never relied on; we write none

#include "audit/merkle_hash.hpp"
#include "audit/note.hpp"

namespace sealstream {

struct Checkpoint {
    std::string origin;
    std::uint64_t size{0};
    Digest root{};
    std::vector<std::string> extensions;

    friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

[[nodiscard]] std::string format_checkpoint(const Checkpoint& checkpoint);

// Strict: what it accepts, format_checkpoint() writes back byte for byte.
//   malformed   not a checkpoint
[[nodiscard]] Result<Checkpoint> parse_checkpoint(std::string_view text);

// A decimal number up to 2^63-1 without leading zeros, as checkpoints and proofs spell it.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

// The checkpoint of a note, which `keys` must have signed and whose origin is the name of a key
// that did.
//   untrusted_key, bad_signature   see verify_note(); also when the origin is none of the signers'
//   names malformed                      not a checkpoint
[[nodiscard]] Result<Checkpoint> open_checkpoint(const SignedNote& note,
                                                 std::span<const VerifierKey> keys);

} // namespace sealstream
