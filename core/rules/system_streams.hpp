#pragma once

// The streams that a ledger keeps about itself. Their types begin with "sealstream-", which no
// client may append to: only the ledger's own API does, so every such event is one that a node has
// checked.

#include <string_view>

namespace sealstream {

inline constexpr std::string_view system_prefix = "sealstream-";

// One stream for each event type; its id is the event type.
inline constexpr std::string_view policy_stream_type = "sealstream-policy";
inline constexpr std::string_view schema_stream_type = "sealstream-schema";
inline constexpr std::string_view redaction_stream_type = "sealstream-redaction";

// One stream for each invariant and each schedule of a pack; its id is "pack.part".
inline constexpr std::string_view invariant_stream_type = "sealstream-invariant";
inline constexpr std::string_view schedule_stream_type = "sealstream-schedule";

// The source of what the ledger appends by itself.
inline constexpr std::string_view ledger_source = "sealstream";

[[nodiscard]] constexpr bool is_system_stream_type(std::string_view stream_type) noexcept
{
    return stream_type.starts_with(system_prefix);
}

} // namespace sealstream
