#include "audit/tlog_proof.hpp"

#include "audit/inclusion.hpp"
#include "core/base/encoding.hpp"

namespace sealstream {

namespace {

constexpr std::string_view title = "c2sp.org/tlog-proof@v1\n";
constexpr std::string_view extra_mark = "extra ";
constexpr std::string_view index_mark = "index ";

// Takes `mark` and the rest of its line off `text`.
Result<std::string_view> take_line(std::string_view& text, std::string_view mark)
{
    const auto end = text.find('\n');
    if (!text.starts_with(mark) || end == std::string_view::npos) {
        return Error{Errc::malformed, "the proof lacks a line"};
    }
    const std::string_view rest = text.substr(mark.size(), end - mark.size());
    text.remove_prefix(end + 1);
    return rest;
}

} // namespace

std::string format_hash_lines(std::span<const Digest> hashes)
{
    std::string lines;
    for (const Digest& hash : hashes) {
        lines.append(to_base64(hash.view())).append("\n");
    }
    return lines;
}

Result<std::vector<Digest>> take_hash_lines(std::string_view& text)
{
    std::vector<Digest> hashes;
    while (true) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos || hashes.size() > proof_hashes_max) {
            return Error{Errc::malformed, "an empty line ends at most 63 hashes"};
        }
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (line.empty()) {
            return hashes;
        }
        SEAL_TRY(bytes, from_base64(line));
        SEAL_TRY(hash, digest_from(bytes));
        hashes.push_back(hash);
    }
}

std::string format_tlog_proof(const TlogProof& proof)
{
    std::string text{title};
    if (proof.extra) {
        text.append(extra_mark).append(to_base64(*proof.extra)).append("\n");
    }
    text.append(index_mark).append(std::to_string(proof.index)).append("\n");
    text.append(format_hash_lines(proof.path)).append("\n");
    return text + format_note(proof.checkpoint);
}

Result<TlogProof> parse_tlog_proof(std::string_view text)
{
    if (!text.starts_with(title)) {
        return Error{Errc::malformed, "not a tlog-proof of version 1"};
    }
    text.remove_prefix(title.size());
    TlogProof proof;
    if (text.starts_with(extra_mark)) {
        SEAL_TRY(encoded, take_line(text, extra_mark));
        SEAL_TRY(extra, from_base64(encoded));
        proof.extra = std::move(extra);
    }
    SEAL_TRY(index_text, take_line(text, index_mark));
    SEAL_TRY(index, parse_size(index_text));
    SEAL_TRY(path, take_hash_lines(text));
    SEAL_TRY(note, parse_note(text));
    proof.index = index;
    proof.path = std::move(path);
    proof.checkpoint = std::move(note);
    return proof;
}

Result<Checkpoint> verify_tlog_proof(const TlogProof& proof, ByteView leaf,
                                     std::span<const VerifierKey> keys)
{
    SEAL_TRY(checkpoint, open_checkpoint(proof.checkpoint, keys));
    const auto included = verify_inclusion(leaf_hash(leaf), proof.index, checkpoint.size,
                                           proof.path, checkpoint.root);
    if (!included) {
        return included.error();
    }
    return checkpoint;
}

} // namespace sealstream
