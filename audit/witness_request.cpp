#include "audit/witness_request.hpp"

namespace sealstream {

namespace {

constexpr std::string_view old_mark = "old ";

} // namespace

std::string format_witness_request(const WitnessRequest& request)
{
    return std::string{old_mark} + std::to_string(request.old_size) + "\n" +
           format_hash_lines(request.proof) + "\n" + format_note(request.checkpoint);
}

Result<WitnessRequest> parse_witness_request(std::string_view text)
{
    const auto end = text.find('\n');
    if (!text.starts_with(old_mark) || end == std::string_view::npos) {
        return Error{Errc::malformed, "a witness request starts with the old size"};
    }
    WitnessRequest request;
    SEAL_TRY(old_size, parse_size(text.substr(old_mark.size(), end - old_mark.size())));
    text.remove_prefix(end + 1);
    SEAL_TRY(proof, take_hash_lines(text));
    SEAL_TRY(checkpoint, parse_note(text));
    request.old_size = old_size;
    request.proof = std::move(proof);
    request.checkpoint = std::move(checkpoint);
    return request;
}

Result<std::vector<NoteSignature>> parse_cosignatures(std::string_view lines)
{
    // A note needs some text; the rules for its signature lines are exactly those for a witness's
    // answer.
    SEAL_TRY(note, parse_note("cosignatures\n\n" + std::string{lines}));
    if (note.text != "cosignatures\n") {
        return Error{Errc::malformed, "a witness answers with signature lines only"};
    }
    return std::move(note.signatures);
}

} // namespace sealstream
