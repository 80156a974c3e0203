#pragma once

// Where a node is, and as whom the command line asks it. Certificates and tokens are files, which
// are read anew for each connection: what renews them needs to tell nobody.

#include "core/base/result.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace sealstream::cli {

// http[s]://host[:port][/prefix]; the prefix is that of a ledger or a proxy.
struct NodeUrl {
    bool is_tls{false};
    std::string host; // without the brackets of an IPv6 address
    std::string port;
    std::string prefix;

    //   malformed   not such a URL; the context quotes it unless it has a password
    [[nodiscard]] static Result<NodeUrl> parse(std::string_view text);

    [[nodiscard]] std::string authority() const; // host:port, as in the field Host
    [[nodiscard]] std::string place() const;     // https://host:port, for people
    [[nodiscard]] bool is_loopback() const;
};

struct NodeAccess {
    NodeUrl url;
    // Of https:// only.
    std::filesystem::path ca_file{};          // empty: the authorities of the system
    std::filesystem::path certificate_file{}; // PEM; empty: none is shown
    std::filesystem::path key_file{};         // PEM; empty: it is in the certificate's file
    std::filesystem::path token_file{};       // comes before `token`
    std::string token{};
    bool has_plaintext{false}; // tokens may go over http:// to other machines
    std::chrono::seconds patience{60};

    [[nodiscard]] bool has_token() const noexcept { return !token_file.empty() || !token.empty(); }
    // The value of the field Authorization; empty: there is no token. No error quotes the token.
    //   not_found   there is no such file
    //   malformed   what is in it is not one token
    //   refused     it would go to another machine in clear
    [[nodiscard]] Result<std::string> authorization() const;
};

} // namespace sealstream::cli
