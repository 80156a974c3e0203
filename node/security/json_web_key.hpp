#pragma once

// Public keys for checking tokens: a JWK set (RFC 7517, 7518 6, 8037) of which we take RSA of 2048
// to 8192 bits, P-256 and Ed25519. Symmetric keys are never taken, so a public key can not serve as
// the secret of an HMAC. What else the set holds is left out and counted.

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/event/digest.hpp"

#include <memory>
#include <optional>
#include <string>

namespace sealstream::security {

inline constexpr std::size_t key_set_bytes_max = 256 << 10;
inline constexpr std::size_t keys_max = 100; // of one set

enum class Algorithm : std::uint8_t { rs256, ps256, es256, eddsa };

[[nodiscard]] std::string_view name(Algorithm algorithm) noexcept; // "RS256", as in `alg`
[[nodiscard]] std::optional<Algorithm> algorithm_named(std::string_view name) noexcept;

class KeySet {
public:
    KeySet();
    //   malformed, too_large   no JWK set, or a public key in it is no key (a point that is not on
    //                          its curve, a modulus that is too short), or two have one `kid`
    [[nodiscard]] static Result<KeySet> parse(std::string_view json);

    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] std::size_t left_out() const noexcept;
    [[nodiscard]] bool has(std::string_view kid) const noexcept;

    // Whether `signature` is this algorithm's over `message`, by the key with this `kid`; without a
    // kid, by the only key that fits the algorithm. Returns the key's fingerprint.
    //   not_found       no such key
    //   bad_signature   it is not, or the key is for another algorithm
    [[nodiscard]] Result<Digest> verify(std::string_view kid, Algorithm algorithm,
                                        std::string_view message, ByteView signature) const;

    // Whether the set has the key, whatever it is called there.
    [[nodiscard]] bool has_key(const Digest& fingerprint) const noexcept;

private:
    struct Native;
    std::shared_ptr<const Native> native_;
};

} // namespace sealstream::security
