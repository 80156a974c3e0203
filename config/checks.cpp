#include "config/checks.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace sealstream {

Result<Endpoint> parse_endpoint(std::string_view text)
{
    const Error malformed{Errc::malformed,
                          "must be address:port, such as 127.0.0.1:8080 or [::1]:8080"};
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return malformed;
    }
    auto host = text.substr(0, colon);
    const auto port_text = text.substr(colon + 1);
    const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
    if (is_bracketed) {
        host = host.substr(1, host.size() - 2);
    }
    std::uint16_t port = 0;
    const auto [end, failed] =
        std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    const bool is_number = failed == std::errc{} && end == port_text.data() + port_text.size();
    const bool has_colons = host.find(':') != std::string_view::npos;
    if (host.empty() || port_text.empty() || !is_number || has_colons != is_bracketed ||
        host.find_first_of(" []") != std::string_view::npos) {
        return malformed;
    }
    return Endpoint{std::string{host}, port};
}

std::string to_string(const Endpoint& endpoint)
{
    const bool is_v6 = endpoint.host.find(':') != std::string::npos;
    return (is_v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" +
           std::to_string(endpoint.port);
}

Result<void> check_http_urls(std::string_view text)
{
    constexpr std::string_view scheme = "http://";
    while (!text.empty()) {
        const auto url = text.substr(0, text.find(','));
        text.remove_prefix(std::min(url.size() + 1, text.size()));
        if (!url.starts_with(scheme) || !parse_endpoint(url.substr(scheme.size()))) {
            return Error{Errc::malformed, "must be http://host:port, several separated by commas"};
        }
    }
    return {};
}

Result<void> check_no_password(std::string_view uri)
{
    bool has_password = uri.find("password=") != std::string_view::npos;
    // user:password@host in any of several URIs.
    for (auto at = uri.find("://"); at != std::string_view::npos; at = uri.find("://", at + 3)) {
        const auto authority = uri.substr(at + 3, uri.find_first_of("/,", at + 3) - at - 3);
        const auto user_end = authority.rfind('@');
        has_password =
            has_password || (user_end != std::string_view::npos &&
                             authority.substr(0, user_end).find(':') != std::string_view::npos);
    }
    if (has_password) {
        return Error{Errc::malformed, "must not hold a password; put it into a file and name that"};
    }
    return {};
}

Result<void> check_origin(std::string_view text)
{
    const bool is_good = !text.empty() && std::none_of(text.begin(), text.end(), [](char letter) {
        return static_cast<unsigned char>(letter) <= ' ' || letter == '+' || letter == '\x7f';
    });
    if (!is_good) {
        return Error{Errc::malformed, "must be a name without spaces or '+'"};
    }
    return {};
}

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : ",") + word;
    }
    return text;
}

} // namespace sealstream
