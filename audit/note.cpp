#include "audit/note.hpp"

#include "core/base/encoding.hpp"

#include <algorithm>
#include <set>

namespace sealstream {

namespace {

constexpr std::string_view dash = "\xe2\x80\x94 "; // U+2014, space
constexpr std::size_t id_size = 4;
constexpr std::size_t time_size = 8;

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text)
{
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t size = lead < 0x80                   ? 1
                                 : lead >= 0xc2 && lead < 0xe0 ? 2
                                 : lead >= 0xe0 && lead < 0xf0 ? 3
                                 : lead >= 0xf0 && lead < 0xf5 ? 4
                                                               : 0;
        if (size == 0 || at + size > text.size()) {
            return false;
        }
        for (std::size_t more = 1; more < size; ++more) {
            const auto byte = static_cast<unsigned char>(text[at + more]);
            const unsigned char low = more > 1       ? 0x80
                                      : lead == 0xe0 ? 0xa0
                                      : lead == 0xf0 ? 0x90
                                                     : 0x80;
            const unsigned char high = more > 1       ? 0xbf
                                       : lead == 0xed ? 0x9f
                                       : lead == 0xf4 ? 0x8f
                                                      : 0xbf;
            if (byte < low || byte > high) {
                return false;
            }
        }
        at += size;
    }
    return true;
}

bool has_control_bytes(std::string_view text)
{
    return std::any_of(text.begin(), text.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20 && letter != '\n';
    });
}

Result<NoteSignature> parse_signature(std::string_view line)
{
    if (!line.starts_with(dash)) {
        return Error{Errc::malformed, "a signature line starts with an em dash"};
    }
    line.remove_prefix(dash.size());
    const auto space = line.find(' ');
    if (space == std::string_view::npos || !check_key_name(line.substr(0, space))) {
        return Error{Errc::malformed, "a signature line names its key"};
    }
    SEAL_TRY(blob, from_base64(line.substr(space + 1)));
    if (blob.size() <= id_size) {
        return Error{Errc::malformed, "a signature line holds a key id and a signature"};
    }
    return NoteSignature{std::string{line.substr(0, space)}, read_big_endian<std::uint32_t>(blob),
                         Bytes{blob.begin() + id_size, blob.end()}};
}

std::string cosigned_message(std::string_view text, std::uint64_t time_seconds)
{
    return "cosignature/v1\ntime " + std::to_string(time_seconds) + "\n" + std::string{text};
}

Result<GoodSignature> verify_one(std::string_view text, const NoteSignature& line,
                                 const VerifierKey& key)
{
    bool is_good = false;
    GoodSignature good{key, {}};
    switch (key.type) {
    case NoteKeyType::ed25519:
        is_good = is_signed(as_bytes(text), line.signature, key.key);
        break;
    case NoteKeyType::cosignature:
        if (line.signature.size() == time_size + Signature{}.size()) {
            const ByteView blob{line.signature};
            good.time = read_big_endian<std::uint64_t>(blob);
            const std::string message = cosigned_message(text, *good.time);
            is_good = is_signed(as_bytes(message), blob.subspan(time_size), key.key);
        }
        break;
    }
    if (!is_good) {
        return Error{Errc::bad_signature, "the signature of " + key.name + " does not verify"};
    }
    return good;
}

} // namespace

Result<SignedNote> parse_note(std::string_view note)
{
    if (note.size() > note_bytes_max) {
        return Error{Errc::too_large, "a note has at most 64 KiB"};
    }
    if (!is_utf8(note)) {
        return Error{Errc::invalid_utf8, "a note is UTF-8"};
    }
    // The text may contain empty lines itself: the last one parts it from the signatures.
    const auto border = note.rfind("\n\n");
    if (border == std::string_view::npos || has_control_bytes(note) || !note.ends_with('\n')) {
        return Error{Errc::malformed, "a note is text, an empty line and signature lines"};
    }
    SignedNote parsed{std::string{note.substr(0, border + 1)}, {}};
    std::string_view lines = note.substr(border + 2);
    std::set<std::pair<std::string, std::uint32_t>> seen;
    while (!lines.empty()) {
        const auto end = lines.find('\n');
        SEAL_TRY(signature, parse_signature(lines.substr(0, end)));
        if (!seen.emplace(signature.name, signature.key_id).second ||
            parsed.signatures.size() == note_signatures_max) {
            return Error{Errc::malformed, "a key signs twice, or there are too many signatures"};
        }
        parsed.signatures.push_back(std::move(signature));
        lines.remove_prefix(end + 1);
    }
    if (parsed.signatures.empty()) {
        return Error{Errc::malformed, "a note without signatures"};
    }
    return parsed;
}

std::string format_signature(const NoteSignature& signature)
{
    Bytes blob;
    append_big_endian(blob, signature.key_id);
    append(blob, signature.signature);
    return std::string{dash} + signature.name + " " + to_base64(blob) + "\n";
}

std::string format_note(const SignedNote& note)
{
    std::string text = note.text + "\n";
    for (const NoteSignature& signature : note.signatures) {
        text += format_signature(signature);
    }
    return text;
}

NoteSignature sign_note(std::string_view text, const SigningKey& key)
{
    const Signature signature = key.key.sign(as_bytes(text));
    return {key.name, key.verifier().id(), to_bytes(ByteView{signature})};
}

NoteSignature cosign_note(std::string_view text, const SigningKey& key, std::uint64_t time_seconds)
{
    const std::string message = cosigned_message(text, time_seconds);
    Bytes blob;
    append_big_endian(blob, time_seconds);
    append(blob, key.key.sign(as_bytes(message)));
    return {key.name, key.verifier(NoteKeyType::cosignature).id(), std::move(blob)};
}

Result<std::vector<GoodSignature>> verify_note(const SignedNote& note,
                                               std::span<const VerifierKey> keys)
{
    std::vector<GoodSignature> good;
    for (const NoteSignature& line : note.signatures) {
        const auto known = std::find_if(keys.begin(), keys.end(), [&](const VerifierKey& key) {
            return key.name == line.name && key.id() == line.key_id;
        });
        if (known == keys.end()) {
            continue;
        }
        SEAL_TRY(verified, verify_one(note.text, line, *known));
        good.push_back(std::move(verified));
    }
    if (good.empty()) {
        return Error{Errc::untrusted_key, "no trusted key has signed the note"};
    }
    return good;
}

} // namespace sealstream
