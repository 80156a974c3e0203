#pragma once

// The key sets of all issuers, read from files, and the tokens that were found good, so that a
// signature is checked once and not at every request. I/O thread only.

#include "core/event/digest.hpp"
#include "node/security/options.hpp"
#include "node/security/token.hpp"

#include <functional>
#include <list>
#include <map>

namespace sealstream::security {

class TokenKeys {
public:
    //   malformed, not_found   a line of the settings, or a key set that can not be read
    [[nodiscard]] static Result<TokenKeys> load(const TokenOptions& options);

    // The caller that `admit` makes of the token's identity. `now` is in Unix seconds.
    //   unauthenticated
    [[nodiscard]] Result<CallerPtr> identify(std::string_view text, std::int64_t now,
                                             const std::function<CallerPtr(Identity)>& admit);

    [[nodiscard]] bool is_empty() const noexcept { return issuers_.empty(); }

private:
    struct Issuer {
        TokenIssuer settings;
        KeySet keys;
        Digest content{};       // of the file
        std::int64_t looked{0}; // at it
    };
    struct Remembered {
        std::string digest;
        CallerPtr caller;
        std::int64_t expires{0};
    };
    [[nodiscard]] Issuer* issuer_named(std::string_view name);
    void refresh(Issuer& issuer, std::int64_t now);
    void remember(std::string digest, CallerPtr caller, std::int64_t expires);

    TokenOptions options_;
    std::vector<Issuer> issuers_;
    std::list<Remembered> recent_; // the last used first
    std::map<std::string, std::list<Remembered>::iterator, std::less<>> places_;
};

} // namespace sealstream::security
