#pragma once

// The names that users give: stream types, event types, sources, keys. One rule each, checked at
// the border.
//
//   stream type   [a-z][a-z0-9_-]{0,63}           one token of a NATS subject
//   stream id     1..256 bytes of UTF-8 without control characters
//   event type    [A-Za-z][A-Za-z0-9._-]{0,127}   "TokensTransferred", "v1.package.created"
//   source, actor 1..256 bytes of UTF-8 without control characters
//   key           1..256 bytes of UTF-8 without control characters
//   ledger        [a-z][a-z0-9_-]{0,31}
// A name that breaks its rule is `bad_name`.

#include "core/base/result.hpp"

#include <compare>
#include <string>
#include <string_view>

namespace sealstream {

inline constexpr std::size_t stream_type_bytes_max = 64;
inline constexpr std::size_t stream_id_bytes_max = 256;
inline constexpr std::size_t event_type_bytes_max = 128;
inline constexpr std::size_t label_bytes_max = 256; // source, actor, key
inline constexpr std::size_t ledger_bytes_max = 32;

// The events of one entity, written type/id. The id may contain slashes; the type never does.
struct StreamName {
    std::string type;
    std::string id;

    friend auto operator<=>(const StreamName&, const StreamName&) = default;

    [[nodiscard]] static Result<StreamName> make(std::string_view type, std::string_view id);
    [[nodiscard]] static Result<StreamName> parse(std::string_view type_slash_id);
    [[nodiscard]] std::string to_string() const { return type + "/" + id; }
};

[[nodiscard]] Result<void> check_stream_type(std::string_view name);
[[nodiscard]] Result<void> check_event_type(std::string_view name);
[[nodiscard]] Result<void> check_label(std::string_view name); // source, actor, key, stream id
[[nodiscard]] Result<void> check_ledger(std::string_view name);

} // namespace sealstream

template <>
struct std::hash<sealstream::StreamName> {
    std::size_t operator()(const sealstream::StreamName& name) const noexcept
    {
        return std::hash<std::string>{}(name.id) * 31 + std::hash<std::string>{}(name.type);
    }
};
