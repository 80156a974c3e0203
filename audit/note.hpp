#pragma once

// Signed notes (C2SP signed-note): text, an empty line, signature lines.
//
//   <text, UTF-8, ends with a line feed, no other control bytes>
//   <empty line>
//   — <key name> <base64( key id (4 bytes) || signature )>          one or more
//
// A cosignature (C2SP tlog-cosignature) has a time (8 bytes, seconds) before its 64 bytes of
// signature, and signs "cosignature/v1\ntime <seconds>\n" in front of the text.

#include "audit/note_key.hpp"

#include <optional>
#include <span>
#include <vector>

namespace sealstream {

inline constexpr std::size_t note_bytes_max = 64 * 1024;
inline constexpr std::size_t note_signatures_max = 64;

struct NoteSignature {
    std::string name;
    std::uint32_t key_id{0};
    Bytes signature; // for a cosignature: time and signature

    friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

struct SignedNote {
    std::string text;
    std::vector<NoteSignature> signatures;

    friend bool operator==(const SignedNote&, const SignedNote&) = default;
};

// What verify_note() found to be good.
struct GoodSignature {
    VerifierKey key;
    std::optional<std::uint64_t> time; // seconds since 1970, of a cosignature
};

// Strict: what it accepts, format_note() writes back byte for byte.
//   malformed, invalid_utf8, too_large   not a signed note
[[nodiscard]] Result<SignedNote> parse_note(std::string_view note);
[[nodiscard]] std::string format_note(const SignedNote& note);
[[nodiscard]] std::string format_signature(const NoteSignature& signature);

[[nodiscard]] NoteSignature sign_note(std::string_view text, const SigningKey& key);
[[nodiscard]] NoteSignature cosign_note(std::string_view text, const SigningKey& key,
                                        std::uint64_t time_seconds);

// Lines of keys that are not in `keys` are ignored; at least one of `keys` must have signed.
//   bad_signature   a line of a known key does not verify: the whole note is refused
//   untrusted_key   no known key has signed
[[nodiscard]] Result<std::vector<GoodSignature>> verify_note(const SignedNote& note,
                                                             std::span<const VerifierKey> keys);

} // namespace sealstream
