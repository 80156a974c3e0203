#pragma once

// Hashes of exact bytes. No OpenSSL type shows here.

#include "core/base/bytes.hpp"

#include <array>
#include <compare>
#include <memory>

namespace sealstream {

inline constexpr std::size_t digest_size = 32; // bytes

struct Digest {
    std::array<std::byte, digest_size> bytes{};

    friend constexpr auto operator<=>(const Digest&, const Digest&) = default;
    [[nodiscard]] ByteView view() const noexcept { return bytes; }
};

// SHA-256 (FIPS 180-4) in one go.
[[nodiscard]] Digest sha256(ByteView bytes);

// SHA-256 of pieces; finish() consumes the hasher. Reusable after reset().
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void reset();
    void update(ByteView piece);
    [[nodiscard]] Digest finish();

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

// BLAKE3 with 32 bytes of output.
[[nodiscard]] Digest blake3(ByteView bytes);

// SHA-1, which protects nothing: the opening handshake of WebSocket (RFC 6455, 4.2.2) asks for it.
[[nodiscard]] std::array<std::byte, 20> sha1_of_handshake(ByteView bytes);

// Random bytes from the operating system's generator; stops the process when there are none.
void fill_random(std::span<std::byte> to);

} // namespace sealstream
