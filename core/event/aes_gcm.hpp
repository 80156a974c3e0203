#pragma once

// AES-256-GCM (NIST SP 800-38D) and HMAC-SHA256 (RFC 2104) in one go. No OpenSSL type shows here.

#include "core/base/result.hpp"
#include "core/event/digest.hpp"

#include <array>

namespace sealstream {

inline constexpr std::size_t aes_key_size = 32;   // bytes
inline constexpr std::size_t aes_nonce_size = 12; // bytes
inline constexpr std::size_t aes_tag_size = 16;   // bytes

using AesKey = std::array<std::byte, aes_key_size>;
using AesNonce = std::array<std::byte, aes_nonce_size>;

// The ciphertext, and the tag behind it. A nonce is used once with a key.
[[nodiscard]] Bytes aes_gcm_encrypt(const AesKey& key, const AesNonce& nonce, ByteView context,
                                    ByteView clear);

//   corrupt   it was not made by this key, nonce and context, or is altered
[[nodiscard]] Result<Bytes> aes_gcm_decrypt(const AesKey& key, const AesNonce& nonce,
                                            ByteView context, ByteView encrypted);

[[nodiscard]] Digest hmac_sha256(ByteView key, ByteView message);

} // namespace sealstream
