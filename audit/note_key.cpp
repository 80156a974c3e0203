#include "audit/note_key.hpp"

#include "core/base/encoding.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::string_view private_mark = "PRIVATE+KEY+";

std::string hex_of(std::uint32_t id)
{
    Bytes bytes;
    append_big_endian(bytes, id);
    return to_hex(bytes);
}

Bytes typed_key(NoteKeyType type, ByteView key)
{
    Bytes bytes{static_cast<std::byte>(type)};
    append(bytes, key);
    return bytes;
}

struct KeyText {
    std::string_view name;
    std::string_view id;
    Bytes key; // type byte, then 32 bytes
};

// The part that both kinds of key share: name+id+base64.
Result<KeyText> split_key(std::string_view text)
{
    const auto first = text.find('+');
    const auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
    if (second == std::string_view::npos) {
        return Error{Errc::malformed, "a key has three parts with + between them"};
    }
    KeyText parts{text.substr(0, first), text.substr(first + 1, second - first - 1), {}};
    SEAL_TRY(key, from_base64(text.substr(second + 1)));
    const auto name = check_key_name(parts.name);
    if (!name || key.size() != 1 + PublicKey{}.size()) {
        return Error{Errc::malformed, "a key's name or length is wrong"};
    }
    parts.key = std::move(key);
    return parts;
}

std::array<std::byte, 32> key_bytes(const Bytes& typed)
{
    std::array<std::byte, 32> key{};
    std::copy(typed.begin() + 1, typed.end(), key.begin());
    return key;
}

} // namespace

Result<void> check_key_name(std::string_view name)
{
    const bool is_printable = std::all_of(name.begin(), name.end(), [](char letter) {
        return letter > ' ' && letter < '\x7f' && letter != '+';
    });
    if (name.empty() || name.size() > key_name_bytes_max || !is_printable) {
        return Error{Errc::bad_name, "a key's name is printable ASCII without space and +"};
    }
    return {};
}

std::uint32_t VerifierKey::id() const
{
    Bytes input = to_bytes(std::string_view{name});
    input.push_back(std::byte{'\n'});
    append(input, typed_key(type, key));
    return read_big_endian<std::uint32_t>(sha256(input).view());
}

std::string VerifierKey::to_string() const
{
    return name + "+" + hex_of(id()) + "+" + to_base64(typed_key(type, key));
}

Result<VerifierKey> VerifierKey::parse(std::string_view text)
{
    SEAL_TRY(parts, split_key(text));
    const auto type = static_cast<NoteKeyType>(parts.key.front());
    if (type != NoteKeyType::ed25519 && type != NoteKeyType::cosignature) {
        return Error{Errc::unsupported, "the key's type is not known"};
    }
    VerifierKey key{std::string{parts.name}, type, key_bytes(parts.key)};
    if (hex_of(key.id()) != parts.id) {
        return Error{Errc::malformed, "the key's id does not fit the key"};
    }
    return key;
}

VerifierKey SigningKey::verifier(NoteKeyType type) const
{
    return {name, type, key.public_key()};
}

std::string SigningKey::to_string() const
{
    return std::string{private_mark} + name + "+" + hex_of(verifier().id()) + "+" +
           to_base64(typed_key(NoteKeyType::ed25519, key.seed()));
}

Result<SigningKey> SigningKey::generate(std::string_view name)
{
    if (const auto checked = check_key_name(name); !checked) {
        return checked.error();
    }
    std::array<std::byte, 32> seed{};
    fill_random(seed);
    SigningKey made{std::string{name}, PrivateKey{seed}};
    OPENSSL_cleanse(seed.data(), seed.size());
    return made;
}

Result<SigningKey> SigningKey::parse(std::string_view text)
{
    if (!text.starts_with(private_mark)) {
        return Error{Errc::malformed, "a private key starts with PRIVATE+KEY+"};
    }
    SEAL_TRY(parts, split_key(text.substr(private_mark.size())));
    if (static_cast<NoteKeyType>(parts.key.front()) != NoteKeyType::ed25519) {
        return Error{Errc::unsupported, "the private key's type is not Ed25519"};
    }
    SigningKey parsed{std::string{parts.name}, PrivateKey{key_bytes(parts.key)}};
    if (hex_of(parsed.verifier().id()) != parts.id) {
        return Error{Errc::malformed, "the private key's id does not fit the key"};
    }
    return parsed;
}

} // namespace sealstream
