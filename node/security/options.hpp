#pragma once

// Settings of who may connect and what they may do. Lines of words are explained where they are
// parsed: access_rules.hpp, token_issuer.hpp, spiffe_id.hpp.

#include "core/base/result.hpp"
#include "node/security/rate_limit.hpp"
#include "node/security/tls_options.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sealstream::security {

struct TokenOptions {
    std::vector<std::string> issuers{};    // one line each
    std::int64_t skew_seconds{60};         // between the issuer's clock and ours
    std::size_t remembered_max{4'096};     // tokens whose signature was good
    std::int64_t keys_refresh_seconds{60}; // between two looks at a file of keys

    // Of keys that are fetched.
    std::filesystem::path ca_file{};                // of the issuers; empty: the system's
    std::chrono::seconds fetch_interval{300};       // after a good one
    std::chrono::seconds fetch_early{30};           // at least, when a token names a new key
    std::chrono::milliseconds fetch_timeout{5'000}; // of one try
    std::int64_t keys_age_seconds_max{24 * 3'600};  // then they count no more; 0: for ever
};

struct AccessOptions {
    bool trusts_loopback{true};   // who connects from this machine without credentials may all
    bool has_open_metrics{false}; // GET /metrics needs no role
    bool forces_actor{false};     // the actor of an event is who signed in, not what it says
    std::vector<std::string> rules{};
    std::vector<std::string> trust_domains{};  // of clients' certificates; others are refused
    std::vector<std::string> spiffe_sources{}; // short names for SPIFFE IDs
    TokenOptions tokens{};
    RateOptions rates{};
};

// What a line of `access.rules`, `access.spiffe_trust_domains`, `access.spiffe_sources` and
// `tokens.issuers` must be.
//   malformed
[[nodiscard]] Result<void> check_access_rule(std::string_view line);
[[nodiscard]] Result<void> check_trust_domain(std::string_view line);
[[nodiscard]] Result<void> check_spiffe_source(std::string_view line);
[[nodiscard]] Result<void> check_token_issuer(std::string_view line);

} // namespace sealstream::security
