#include "node/security/https_url.hpp"

#include <algorithm>
#include <charconv>

namespace sealstream::security {

namespace {

constexpr std::string_view https_scheme = "https://";

bool is_letter_or_digit(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9');
}

bool is_of_name(char letter)
{
    return is_letter_or_digit(letter) || letter == '.' || letter == '-';
}

bool is_of_ipv6(char letter)
{
    return letter == ':' || letter == '.' || (letter >= '0' && letter <= '9') ||
           (letter >= 'a' && letter <= 'f') || (letter >= 'A' && letter <= 'F');
}

bool is_of_target(char letter)
{
    constexpr std::string_view others = "/?-._~!$&'()*+,;=:@%";
    return is_letter_or_digit(letter) || others.find(letter) != std::string_view::npos;
}

Error wrong(std::string_view what)
{
    return {Errc::malformed, "must be https://host/path: " + std::string{what}};
}

Result<std::uint16_t> parse_port(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (failed != std::errc{} || end != text.data() + text.size() || port == 0) {
        return wrong("the port is a number from 1 to 65535");
    }
    return port;
}

} // namespace

Result<HttpsUrl> HttpsUrl::parse(std::string_view text)
{
    if (!text.starts_with(https_scheme) || text.size() > url_bytes_max) {
        return wrong("nothing but https: is fetched, and 2 KiB are enough");
    }
    text.remove_prefix(https_scheme.size());
    HttpsUrl url;
    url.authority = text.substr(0, text.find_first_of("/?"));
    text.remove_prefix(url.authority.size());
    url.target = text.starts_with('/') ? std::string{text} : "/" + std::string{text};

    std::string_view rest = url.authority;
    const bool is_ipv6 = rest.starts_with('[');
    const auto host_end = is_ipv6 ? rest.find(']') : rest.find(':');
    url.host = rest.substr(is_ipv6 ? 1 : 0, host_end - (is_ipv6 ? 1U : 0U));
    const auto is_fitting = is_ipv6 ? &is_of_ipv6 : &is_of_name;
    const bool has_host = !url.host.empty() && url.host.size() <= 253 &&
                          std::all_of(url.host.begin(), url.host.end(), is_fitting);
    if (!has_host || (is_ipv6 && host_end == std::string_view::npos)) {
        return wrong("the host is a name or an address");
    }
    rest.remove_prefix(std::min(rest.size(), host_end + (is_ipv6 ? 1U : 0U)));
    if (!rest.empty()) {
        if (rest.front() != ':') {
            return wrong("the host is a name or an address");
        }
        SEAL_TRY(port, parse_port(rest.substr(1)));
        url.port = port;
    }
    if (!std::all_of(url.target.begin(), url.target.end(), &is_of_target)) {
        return wrong("the path has a character that must be percent-encoded, or a fragment");
    }
    return url;
}

} // namespace sealstream::security
