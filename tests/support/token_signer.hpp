#pragma once

// Signs tokens for tests, good ones and bad ones, and publishes the keys as a JWK set.

#include "core/base/bytes.hpp"

#include <memory>
#include <string>

namespace sealstream::testing {

class TokenSigner {
public:
    // `algorithm` as in `alg`: RS256, PS256, ES256 or EdDSA.
    TokenSigner(std::string algorithm, std::string kid);
    ~TokenSigner();
    TokenSigner(TokenSigner&&) noexcept;

    [[nodiscard]] std::string jwk() const;     // the public key, a JSON object
    [[nodiscard]] std::string jwk_set() const; // of this key alone
    [[nodiscard]] std::string public_pem() const;

    // header.payload.signature for JSON texts; `header` is made when it is empty.
    [[nodiscard]] std::string token(const std::string& payload, std::string header = {}) const;
    [[nodiscard]] Bytes sign(const std::string& text) const;

private:
    struct Native;
    std::string algorithm_;
    std::string kid_;
    std::unique_ptr<Native> native_;
};

// An HMAC with SHA-256, as of HS256.
[[nodiscard]] std::string token_with_hmac(const std::string& payload, const std::string& secret);

} // namespace sealstream::testing
