#pragma once

// An offline receipt (C2SP tlog-proof): everything but the leaf that shows a leaf to be in the log.
//
//   c2sp.org/tlog-proof@v1
//   [extra <base64>]            not authenticated
//   index <decimal>
//   <base64 of a hash>          sibling of the leaf first, child of the root last
//   <empty line>
//   <checkpoint as a signed note, verbatim>

#include "audit/checkpoint.hpp"

namespace sealstream {

inline constexpr std::size_t proof_hashes_max = 63;

struct TlogProof {
    std::optional<Bytes> extra;
    std::uint64_t index{0};
    std::vector<Digest> path;
    SignedNote checkpoint;

    friend bool operator==(const TlogProof&, const TlogProof&) = default;
};

[[nodiscard]] std::string format_tlog_proof(const TlogProof& proof);

//   malformed and the codes of parse_note()   not a proof
[[nodiscard]] Result<TlogProof> parse_tlog_proof(std::string_view text);

// Returns the verified checkpoint that the leaf is in.
//   untrusted_key, bad_signature       the checkpoint is not signed by `keys`
//   corrupt                            the leaf is not at that place of that tree
//   proof_too_short, proof_too_long    the path does not fit the tree
[[nodiscard]] Result<Checkpoint> verify_tlog_proof(const TlogProof& proof, ByteView leaf,
                                                   std::span<const VerifierKey> keys);

// Lines of base64 hashes, as proofs are written everywhere.
[[nodiscard]] std::string format_hash_lines(std::span<const Digest> hashes);

// Reads hash lines up to the empty line and takes both off `text`.
[[nodiscard]] Result<std::vector<Digest>> take_hash_lines(std::string_view& text);

} // namespace sealstream
