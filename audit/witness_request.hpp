#pragma once

// What a log sends to a witness (C2SP tlog-witness, add-checkpoint):
//
//   old <size that the witness last cosigned>
//   <base64 of a hash>          consistency proof from the old size, at most 63
//   <empty line>
//   <checkpoint as a signed note, verbatim>

#include "audit/tlog_proof.hpp"

namespace sealstream {

struct WitnessRequest {
    std::uint64_t old_size{0};
    std::vector<Digest> proof;
    SignedNote checkpoint;

    friend bool operator==(const WitnessRequest&, const WitnessRequest&) = default;
};

[[nodiscard]] std::string format_witness_request(const WitnessRequest& request);

//   malformed and the codes of parse_note()   not a request
[[nodiscard]] Result<WitnessRequest> parse_witness_request(std::string_view text);

// The cosignature lines that a witness answers with, each to be verified before it is used.
//   malformed   not signature lines
[[nodiscard]] Result<std::vector<NoteSignature>> parse_cosignatures(std::string_view lines);

} // namespace sealstream
