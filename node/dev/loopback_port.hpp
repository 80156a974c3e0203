#pragma once

// Ports on 127.0.0.1 that nobody uses. A port can be lost again before its server binds it, so
// whoever starts a server tries again with another (port_attempts_max times).

#include "core/base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace sealstream {

inline constexpr int port_attempts_max = 3;

[[nodiscard]] bool is_port_free(std::uint16_t port);

//   capacity   the system gives none
[[nodiscard]] Result<std::uint16_t> free_port();

// The port that `file` remembers while it is free, else a new one, remembered. Users keep their
// URLs.
[[nodiscard]] Result<std::uint16_t> remembered_port(const std::filesystem::path& file);

// The first line that a server sends to whoever connects, without its end; empty when it does not
// answer within 500 ms.
[[nodiscard]] std::string greeting(std::uint16_t port);

} // namespace sealstream
