#include "audit/checkpoint.hpp"

#include "core/base/encoding.hpp"

#include <algorithm>
#include <charconv>

namespace sealstream {

std::string format_checkpoint(const Checkpoint& checkpoint)
{
    std::string text = checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
                       to_base64(checkpoint.root.view()) + "\n";
    for (const std::string& line : checkpoint.extensions) {
        text.append(line).append("\n");
    }
    return text;
}

Result<std::uint64_t> parse_size(std::string_view text)
{
    std::uint64_t size = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (failure != std::errc{} || end != text.data() + text.size() || size > tree_size_max ||
        (text.size() > 1 && text.front() == '0')) {
        return Error{Errc::malformed, "not a size"};
    }
    return size;
}

Result<Checkpoint> parse_checkpoint(std::string_view text)
{
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos || end == 0) {
            return Error{Errc::malformed, "a checkpoint's lines are not empty and end properly"};
        }
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    if (lines.size() < 3) {
        return Error{Errc::malformed, "a checkpoint has an origin, a size and a root"};
    }
    Checkpoint checkpoint;
    checkpoint.origin = lines[0];
    SEAL_TRY(size, parse_size(lines[1]));
    SEAL_TRY(root_bytes, from_base64(lines[2]));
    SEAL_TRY(root, digest_from(root_bytes));
    checkpoint.size = size;
    checkpoint.root = root;
    checkpoint.extensions.assign(lines.begin() + 3, lines.end());
    return checkpoint;
}

Result<Checkpoint> open_checkpoint(const SignedNote& note, std::span<const VerifierKey> keys)
{
    SEAL_TRY(signers, verify_note(note, keys));
    SEAL_TRY(checkpoint, parse_checkpoint(note.text));
    const bool is_its_own =
        std::any_of(signers.begin(), signers.end(), [&](const GoodSignature& good) {
            return good.key.type == NoteKeyType::ed25519 && good.key.name == checkpoint.origin;
        });
    if (!is_its_own) {
        return Error{Errc::untrusted_key, "the log itself has not signed the checkpoint"};
    }
    return checkpoint;
}

} // namespace sealstream
