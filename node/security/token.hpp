#pragma once

// JSON Web Tokens as access tokens (RFC 7519, 7515, 8725, 9068): compact, signed, and only what we
// ask for. Headers that name keys or places (jwk, jku, x5u, x5c) are never followed; `crit` is
// refused, because no extension is understood. All pure: the time and the keys are given.
//
// One issuer is one line of tokens.issuers:
//   issuer=https://id.example audience=sealstream jwks=/etc/sealstream/keys.json
//   issuer=https://id.example audience=sealstream jwks=https://id.example/.well-known/jwks.json
//   more words: algorithms=ES256|EdDSA (RS256, PS256, ES256, EdDSA when not said), source=client_id
//   (the claim that names the source; sub), require=scope|email (claims that must be there)

#include "node/security/caller.hpp"
#include "node/security/https_url.hpp"
#include "node/security/json_web_key.hpp"

namespace sealstream::security {

inline constexpr std::size_t token_bytes_max = 8 << 10;
inline constexpr std::int64_t token_skew_seconds_max = 300;

struct TokenIssuer {
    std::string issuer;
    std::string jwks;              // a file, or
    std::optional<HttpsUrl> url{}; // where it is fetched
    std::vector<std::string> audiences;
    std::vector<Algorithm> algorithms{Algorithm::rs256, Algorithm::ps256, Algorithm::es256,
                                      Algorithm::eddsa};
    std::string source_claim{"sub"};
    std::vector<std::string> required{};

    //   malformed   an unknown word or algorithm, or no issuer, audience or jwks
    [[nodiscard]] static Result<TokenIssuer> parse(std::string_view line);
};

// A token that has been taken apart, and is not believed yet.
struct ParsedToken {
    Algorithm algorithm{};
    std::string kid;
    std::string issuer;
    std::string_view signed_part; // of the text
    Bytes signature;
    struct Claims;
    std::shared_ptr<const Claims> claims;

    //   unauthenticated   not a token that we could ever accept; the context never quotes it
    [[nodiscard]] static Result<ParsedToken> parse(std::string_view text);
};

// Contexts of errors: about a token that was good once,
inline constexpr std::string_view token_has_expired = "the token has expired";
// … and about one whose key a newer set may have.
inline constexpr std::string_view token_has_unknown_key = "no key that we have signed the token";

// Signature, issuer, audience, times and required claims. `now` is in Unix seconds. The identity
// holds until the token expires, and as long as the set has its key.
//   unauthenticated   one of them does not hold
//   not_found         the key set has no such key: a newer one may
[[nodiscard]] Result<Identity> verify_token(const ParsedToken& token, const TokenIssuer& issuer,
                                            const KeySet& keys, std::int64_t now,
                                            std::int64_t skew_seconds);

} // namespace sealstream::security
