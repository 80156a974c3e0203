#pragma once

// Decides who a request is from. One for a process; used on the I/O thread only.
//
// Without credentials a caller is nobody, unless it is on this machine and that is trusted; then it
// may do everything and name its own source. With credentials it is who they say, wherever it
// comes from, and may do what the access rules grant it.

#include "node/security/access_rules.hpp"
#include "node/security/options.hpp"
#include "node/security/spiffe_id.hpp"
#include "node/security/token_keys.hpp"

#include <optional>

namespace sealstream::security {

// What a request brings along.
struct Credentials {
    bool is_loopback{false}; // the peer's address is, and nothing says that it is a proxy
    // Who the connection's certificate names, or why nobody; null: it has none.
    const Result<CallerPtr>* certificate{nullptr};
    std::string_view authorization{};
    std::size_t authorization_count{0}; // fields of that name
    std::int64_t now{0};                // Unix seconds
};

class Gate {
public:
    //   malformed, not_found   a line of the settings, or a file of keys; the context says which
    [[nodiscard]] static Result<std::unique_ptr<Gate>> make(AccessOptions options);

    // Only loopback, and everything for it.
    [[nodiscard]] static Gate& loopback_only();

    //   unauthenticated   credentials that do not hold
    //   unavailable       a token whose issuer's keys are not there
    // No credentials are no error: the caller is nobody then, and may what rules for anonymous say.
    [[nodiscard]] Result<CallerPtr> identify(const Credentials& credentials);

    // Who a client's certificate names, given as DER after TLS has verified its chain.
    //   unauthenticated   it is no SPIFFE certificate, or of a trust domain that is not ours
    [[nodiscard]] Result<CallerPtr> admit_certificate(std::string_view der) const;

    // Why the caller would not be let in again as what it was; none: it would. What lasts longer
    // than a request asks this before it hands out more.
    [[nodiscard]] std::optional<Lapse> lapse_of(const Caller& caller, std::int64_t now);
    // In Unix seconds; `never` where nothing says so.
    [[nodiscard]] static std::int64_t expiry_of(const Caller& caller) noexcept;

    // What the rules make of an identity.
    [[nodiscard]] CallerPtr admit(Identity identity) const;

    // What each client may ask for, by name; nothing is limited unless the settings say so.
    [[nodiscard]] RateLimiter& rates() noexcept { return rates_; }

    // The key sets of issuers, for who fetches them.
    [[nodiscard]] TokenKeys& tokens() noexcept { return tokens_; }

    void report_to(SecurityMetrics* metrics) noexcept;
    // Counts a request that is not let in, for another reason than its credentials.
    void count(Refusal reason) const;

    // Whether anybody off this machine can become a caller without a certificate.
    [[nodiscard]] bool knows_clients() const noexcept;

    [[nodiscard]] const AccessOptions& options() const noexcept { return options_; }

private:
    Gate(AccessOptions options, std::vector<AccessRule> rules, std::vector<SourceMapping> sources,
         TokenKeys tokens);
    [[nodiscard]] Result<CallerPtr> identify_by(const Credentials& credentials);
    [[nodiscard]] Result<CallerPtr> identify_token(const Credentials& credentials);
    void count(const Error& error) const;

    AccessOptions options_;
    std::vector<AccessRule> rules_;
    std::vector<SourceMapping> sources_;
    TokenKeys tokens_;
    RateLimiter rates_{options_.rates};
    CallerPtr nobody_;
    CallerPtr local_;
    SecurityMetrics* metrics_{nullptr};
};

} // namespace sealstream::security
