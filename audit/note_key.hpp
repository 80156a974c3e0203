#pragma once

// The keys of signed notes (C2SP signed-note): a name, a type, and an Ed25519 key.
//
//   verifier key   <name>+<8 hex digits of the key id>+<base64(type || public key)>
//   private key    PRIVATE+KEY+<name>+<8 hex digits of the key id>+<base64(01 || seed)>
//
// The key id is the first four bytes of SHA-256(name || 0A || type || public key). It selects a key
// and never authenticates one: four bytes can be collided on purpose.

#include "audit/signature.hpp"

#include <string>
#include <string_view>

namespace sealstream {

inline constexpr std::size_t key_name_bytes_max = 255;

enum class NoteKeyType : std::uint8_t {
    ed25519 = 0x01,     // signs the text
    cosignature = 0x04, // signs the text and a time (C2SP tlog-cosignature, cosignature/v1)
};

struct VerifierKey {
    std::string name;
    NoteKeyType type{NoteKeyType::ed25519};
    PublicKey key{};

    [[nodiscard]] std::uint32_t id() const;
    [[nodiscard]] std::string to_string() const;

    //   malformed     not a verifier key, or its id is not that of the key
    //   unsupported   a type that we do not know
    [[nodiscard]] static Result<VerifierKey> parse(std::string_view text);

    friend bool operator==(const VerifierKey&, const VerifierKey&) = default;
};

struct SigningKey {
    std::string name;
    PrivateKey key;

    [[nodiscard]] VerifierKey verifier(NoteKeyType type = NoteKeyType::ed25519) const;
    [[nodiscard]] std::string to_string() const; // a secret

    // From the operating system's generator.
    [[nodiscard]] static Result<SigningKey> generate(std::string_view name);
    [[nodiscard]] static Result<SigningKey> parse(std::string_view text);
};

// 1 to 255 bytes of printable ASCII without space and '+'.
//   bad_name   it is not
[[nodiscard]] Result<void> check_key_name(std::string_view name);

} // namespace sealstream
