#pragma once

// Decides who a request is from. One for a process; used on the I/O thread only.
//
// Without credentials a caller is nobody, unless it is on this machine and that is trusted; then it
// may do everything and name its own source. With credentials it is who they say, wherever it
// comes from, and may do what the access rules grant it.

#include "node/security/access_rules.hpp"
#include "node/security/options.hpp"

namespace sealstream::security {

// What a request brings along.
struct Credentials {
    bool is_loopback{false}; // the peer's address is, and nothing says that it is a proxy
    CallerPtr certificate{}; // of the connection; null: none
    std::string_view authorization{};
    std::size_t authorization_count{0}; // fields of that name
};

class Gate {
public:
    //   malformed   a line of the settings; the context says which
    [[nodiscard]] static Result<std::unique_ptr<Gate>> make(AccessOptions options);

    // Only loopback, and everything for it.
    [[nodiscard]] static Gate& loopback_only();

    //   unauthenticated   credentials that do not hold
    // No credentials are no error: the caller is nobody then, and may what rules for anonymous say.
    [[nodiscard]] Result<CallerPtr> identify(const Credentials& credentials);

    // What the rules make of an identity.
    [[nodiscard]] CallerPtr admit(Identity identity) const;

    [[nodiscard]] const AccessOptions& options() const noexcept { return options_; }

private:
    Gate(AccessOptions options, std::vector<AccessRule> rules);

    AccessOptions options_;
    std::vector<AccessRule> rules_;
    CallerPtr nobody_;
    CallerPtr local_;
};

} // namespace sealstream::security
