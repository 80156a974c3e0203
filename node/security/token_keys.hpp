#pragma once

// The key sets of all issuers, from files or fetched (key_fetcher.hpp), and the tokens that were
// found good, so that a signature is checked once and not at every request. I/O thread only.

#include "node/security/metrics.hpp"
#include "node/security/options.hpp"
#include "node/security/token.hpp"

#include <functional>
#include <list>
#include <map>

namespace sealstream::security {

class TokenKeys {
public:
    //   malformed, not_found   a line of the settings, or a file of keys that can not be read
    [[nodiscard]] static Result<TokenKeys> load(const TokenOptions& options);

    // The caller that `admit` makes of the token's identity. `now` is in Unix seconds.
    //   unauthenticated
    //   unavailable       the issuer's keys have not been fetched yet, or not for too long
    [[nodiscard]] Result<CallerPtr> identify(std::string_view text, std::int64_t now,
                                             const std::function<CallerPtr(Identity)>& admit);

    // Whether the key that has signed the caller's token is still the issuer's.
    [[nodiscard]] bool has_key_of(const Identity& identity, std::int64_t now);

    [[nodiscard]] bool is_empty() const noexcept { return issuers_.empty(); }
    [[nodiscard]] const TokenOptions& options() const noexcept { return options_; }

    // For who fetches. Issuers are counted from 0; url is set where there is something to fetch.
    [[nodiscard]] std::size_t size() const noexcept { return issuers_.size(); }
    [[nodiscard]] const TokenIssuer& issuer(std::size_t at) const { return issuers_[at].settings; }
    // Puts the set in place. One without a key that can check tokens is refused, and the last
    // stays.
    //   malformed, too_large
    [[nodiscard]] Result<void> replace(std::size_t at, std::string_view json, std::int64_t now);
    // Whether a token has named a key that the set lacks since this was asked last.
    [[nodiscard]] bool take_wish(std::size_t at) noexcept;

    void report_to(SecurityMetrics* metrics) noexcept { metrics_ = metrics; }
    // What the metrics say about each set.
    void show(std::int64_t now);

private:
    struct Issuer {
        TokenIssuer settings;
        KeySet keys{};
        Digest content{};       // of the document
        std::int64_t looked{0}; // at the file
        std::int64_t loaded{0}; // when the set was last read whole; 0: never
        bool is_wished{false};
    };
    struct Remembered {
        std::string digest;
        CallerPtr caller;
    };
    [[nodiscard]] Issuer* issuer_named(std::string_view name);
    [[nodiscard]] Result<void> check_age(const Issuer& issuer, std::int64_t now) const;
    void refresh(Issuer& issuer, std::int64_t now);
    void put(Issuer& issuer, KeySet keys, const Digest& content, std::int64_t now);
    void remember(std::string digest, CallerPtr caller);

    TokenOptions options_;
    std::vector<Issuer> issuers_;
    std::list<Remembered> recent_; // the last used first
    std::map<std::string, std::list<Remembered>::iterator, std::less<>> places_;
    SecurityMetrics* metrics_{nullptr};
};

} // namespace sealstream::security
