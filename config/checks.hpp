#pragma once

// What a text value must look like. The errors' contexts read on from "must …" or stand alone.

#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

struct Endpoint {
    std::string host; // without the brackets of an IPv6 address
    std::uint16_t port{};
};

[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text); // 127.0.0.1:80, [::1]:80
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

// Passwords live in files: they do not belong into settings, which are printed and logged.
[[nodiscard]] Result<void> check_no_password(std::string_view uri);

// http://host:port, several separated by commas.
[[nodiscard]] Result<void> check_http_urls(std::string_view text);

// The name of a log in its checkpoints: one line without spaces or '+' (C2SP signed-note).
[[nodiscard]] Result<void> check_origin(std::string_view text);

[[nodiscard]] std::string joined(const std::vector<std::string>& words); // "a,b"

} // namespace sealstream
