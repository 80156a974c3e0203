#include "node/cli/node_access.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>

#include <algorithm>
#include <fstream>

namespace sealstream::cli {

namespace {

constexpr std::size_t token_bytes_max = 16 << 10;

// Of a name or an address; a percent sign would begin the zone of an IPv6 address, which no
// certificate names.
bool is_of_host(char letter)
{
    constexpr std::string_view others = "-._:";
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || others.find(letter) != std::string_view::npos;
}

// RFC 6750, 2.1.
bool is_of_token(char letter)
{
    constexpr std::string_view others = "-._~+/=";
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || others.find(letter) != std::string_view::npos;
}

Result<std::string> checked_token(std::string text, const std::string& where)
{
    constexpr std::string_view space = " \t\r\n";
    text.erase(text.find_last_not_of(space) + 1);
    text.erase(0, text.find_first_not_of(space));
    if (text.empty() || text.size() > token_bytes_max ||
        !std::all_of(text.begin(), text.end(), &is_of_token)) {
        return Error{Errc::malformed, where + " does not hold one bearer token and nothing else"};
    }
    return text;
}

Result<std::string> read_token(const std::filesystem::path& file)
{
    std::error_code ignored;
    std::ifstream stream{file, std::ios::binary};
    if (!stream || std::filesystem::is_directory(file, ignored)) {
        // Who mistakes the option for the token itself must not find it in a log.
        return Error{Errc::not_found,
                     "--token names a file that holds the token, and there is none "
                     "of that name; SEALSTREAM_TOKEN may hold the token itself"};
    }
    std::string text(token_bytes_max + 2, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return checked_token(std::move(text), file.string());
}

} // namespace

Result<NodeUrl> NodeUrl::parse(std::string_view text)
{
    const auto url = boost::urls::parse_uri({text.data(), text.size()});
    if (url && url->has_userinfo()) {
        return Error{Errc::malformed, "a URL with a name or a password is not taken; --token and "
                                      "--cert tell the node who asks"};
    }
    NodeUrl node;
    if (url) {
        node.is_tls = url->scheme_id() == boost::urls::scheme::https;
        node.host = std::string{url->host_address()};
        node.port = url->has_port() ? std::string{url->port()} : node.is_tls ? "443" : "80";
        node.prefix = std::string{url->encoded_path()};
    }
    const bool is_fine = url && !node.host.empty() && !node.port.empty() &&
                         (node.is_tls || url->scheme_id() == boost::urls::scheme::http) &&
                         !url->has_query() && !url->has_fragment() &&
                         std::all_of(node.host.begin(), node.host.end(), &is_of_host);
    if (!is_fine) {
        return Error{Errc::malformed,
                     "\"" + std::string{text} + "\" is not http://host:port or https://host:port"};
    }
    while (!node.prefix.empty() && node.prefix.back() == '/') {
        node.prefix.pop_back();
    }
    return node;
}

std::string NodeUrl::authority() const
{
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + host + "]" : host) + ":" + port;
}

std::string NodeUrl::place() const
{
    return (is_tls ? "https://" : "http://") + authority();
}

bool NodeUrl::is_loopback() const
{
    boost::system::error_code is_name;
    const auto address = boost::asio::ip::make_address(host, is_name);
    return is_name ? host == "localhost" : address.is_loopback();
}

Result<std::string> NodeAccess::authorization() const
{
    if (!has_token()) {
        return std::string{};
    }
    if (!url.is_tls && !has_plaintext && !url.is_loopback()) {
        return Error{Errc::refused, "a token would go to " + url.place() +
                                        " in clear; use https://, or say --plaintext where "
                                        "something else encrypts"};
    }
    SEAL_TRY(text, token_file.empty() ? checked_token(token, "SEALSTREAM_TOKEN")
                                      : read_token(token_file));
    return "Bearer " + text;
}

} // namespace sealstream::cli
