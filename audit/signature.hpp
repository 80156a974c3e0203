#pragma once

// Ed25519 (RFC 8032), as OpenSSL does it. Implementations differ on malformed keys and signatures;
// tests/audit/ed25519_vectors_test.cpp pins what this one answers. Nothing here treats signature
// bytes as an identifier, and every key that is trusted was pinned by a person, so those
// differences can not be used.

#include "core/base/result.hpp"
#include "core/event/digest.hpp"

#include <array>

namespace sealstream {

using PublicKey = std::array<std::byte, 32>;
using Signature = std::array<std::byte, 64>;

// The secret half, wiped when it is destroyed.
class PrivateKey {
public:
    explicit PrivateKey(const std::array<std::byte, 32>& seed) : seed_{seed} {}
    ~PrivateKey();
    PrivateKey(const PrivateKey&) = default;
    PrivateKey& operator=(const PrivateKey&) = default;

    [[nodiscard]] const std::array<std::byte, 32>& seed() const noexcept { return seed_; }
    [[nodiscard]] PublicKey public_key() const;
    [[nodiscard]] Signature sign(ByteView message) const;

private:
    std::array<std::byte, 32> seed_;
};

[[nodiscard]] bool is_signed(ByteView message, ByteView signature, const PublicKey& key);

} // namespace sealstream
