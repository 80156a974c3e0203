#pragma once

// An https: URL of the settings, taken apart (RFC 3986, 3). Stricter than the standard: no user, no
// fragment, no character that must be percent-encoded. Pure.

#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sealstream::security {

inline constexpr std::size_t url_bytes_max = 2'048;

struct HttpsUrl {
    std::string host; // without the brackets of an IPv6 address
    std::uint16_t port{443};
    std::string target;    // path and query; begins with '/'
    std::string authority; // as written, for the field Host

    [[nodiscard]] static bool is_meant(std::string_view text) noexcept
    {
        return text.find("://") != std::string_view::npos;
    }
    //   malformed   not such a URL; the context says what is wrong
    [[nodiscard]] static Result<HttpsUrl> parse(std::string_view text);
};

} // namespace sealstream::security
