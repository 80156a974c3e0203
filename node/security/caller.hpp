#pragma once

// Who asks, and what they may do. A Caller is made once for a connection or a token and shared by
// its requests; it never changes.

#include "core/base/result.hpp"
#include "core/event/digest.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sealstream::security {

// What a route asks for. A caller has it through the roles of its grants:
//
//   role      may
//   reader    read events and feeds, check proofs of what it may read
//   writer    append
//   auditor   what a reader may, and see audit state and metrics
//   admin     what an auditor may, and change policies, schemas, projections, and the node
//
// Neither admin nor auditor may append: that is for who is named a writer.
enum class Role : std::uint8_t { reader, writer, auditor, admin };
inline constexpr std::size_t role_count = 4;

[[nodiscard]] std::string_view name(Role role) noexcept;

class RoleSet {
public:
    void add(Role role) noexcept
    {
        bits_ = static_cast<std::uint8_t>(bits_ | (1U << static_cast<unsigned>(role)));
    }
    // Whether one of the roles is `role` or includes it.
    [[nodiscard]] bool includes(Role role) const noexcept;
    [[nodiscard]] bool has(Role role) const noexcept
    {
        return (bits_ & (1U << static_cast<unsigned>(role))) != 0;
    }

private:
    std::uint8_t bits_{0};
};

// Roles in the ledgers and for the stream types that fit one of the patterns.
struct Grant {
    RoleSet roles;
    std::vector<std::string> ledgers{"*"};
    std::vector<std::string> streams{"*"};
};

struct Claim {
    std::string name;
    std::string value; // an array is several claims of one name
};

enum class Means : std::uint8_t { nothing, loopback, certificate, token };

inline constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

// What authentication found out; the rules make grants of it. It holds until one of its times, in
// Unix seconds, and as long as the issuer's set has the key.
struct Identity {
    Means means{Means::nothing};
    std::string source;  // who appends; empty: nobody
    std::string subject; // SPIFFE ID or `sub`
    std::string issuer;  // of a token
    std::vector<Claim> claims{};
    std::int64_t certificate_expires{never};
    std::int64_t token_expires{never};
    Digest token_key{}; // fingerprint of what has signed it
};

// Why a caller is nobody any more.
enum class Lapse : std::uint8_t { certificate_expired, token_expired, key_withdrawn };

struct Caller {
    Identity identity;
    std::vector<Grant> grants;
    std::string forced_actor{}; // of every event that it appends; empty: as the client says
};

using CallerPtr = std::shared_ptr<const Caller>;

// Whether the caller has the role for streams of this type.
[[nodiscard]] bool permits(const Caller& caller, Role role, std::string_view ledger,
                           std::string_view stream_type) noexcept;

// Whether it has the role for streams of every type, those of the future included.
[[nodiscard]] bool permits_all(const Caller& caller, Role role, std::string_view ledger) noexcept;

// Whether it has the role for any stream at all.
[[nodiscard]] bool permits_some(const Caller& caller, Role role, std::string_view ledger) noexcept;

} // namespace sealstream::security
