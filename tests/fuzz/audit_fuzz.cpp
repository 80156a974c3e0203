// Everything that a verifier reads from strangers: what is accepted is written back byte for byte.

#include "audit/entry.hpp"
#include "audit/record_tail.hpp"
#include "audit/tile.hpp"
#include "audit/witness_request.hpp"
#include "core/base/check.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace sealstream;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const ByteView bytes = fuzz::bytes_of(data, size);
    const std::string_view text = fuzz::text_of(data, size);
    if (const auto leaf = decode_leaf(bytes)) {
        SEAL_CHECK(as_text(encode_leaf(*leaf)) == text, "a leaf has one spelling");
    }
    if (const auto entry = decode_entry(bytes)) {
        SEAL_CHECK(as_text(encode_entry(*entry)) == text, "an entry has one spelling");
    }
    if (const auto note = parse_note(text)) {
        SEAL_CHECK(format_note(*note) == text, "a note has one spelling");
    }
    if (const auto checkpoint = parse_checkpoint(text)) {
        SEAL_CHECK(format_checkpoint(*checkpoint) == text, "a checkpoint has one spelling");
    }
    if (const auto proof = parse_tlog_proof(text)) {
        SEAL_CHECK(format_tlog_proof(*proof) == text, "a receipt has one spelling");
    }
    if (const auto request = parse_witness_request(text)) {
        SEAL_CHECK(format_witness_request(*request) == text, "a witness request has one spelling");
    }
    if (const auto tile = parse_tile_path(text)) {
        SEAL_CHECK(tile_path(*tile) == text, "a tile has one path");
    }
    if (const auto key = VerifierKey::parse(text)) {
        SEAL_CHECK(key->to_string() == text, "a key has one spelling");
    }
    static_cast<void>(split_bundle(bytes));
    static_cast<void>(read_tail(bytes));
    return 0;
}
