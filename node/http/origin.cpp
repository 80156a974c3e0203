#include "node/http/origin.hpp"

#include <boost/asio/ip/address_v4.hpp>

namespace sealstream::http {

bool has_foreign_origin(const RequestHead& head)
{
    const auto origin = head.field("origin");
    const auto scheme_end = origin.find("://");
    return head.has_field("origin") &&
           (scheme_end == std::string_view::npos ||
            !equals_ignoring_case(origin.substr(scheme_end + 3), head.field("host")));
}

bool has_public_host(const RequestHead& head)
{
    auto host = head.field("host");
    if (host.starts_with('[')) {
        return false; // IPv6
    }
    host = host.substr(0, host.find(':'));
    if (host.ends_with('.')) {
        host.remove_suffix(1);
    }
    constexpr std::string_view local = ".localhost";
    const bool is_local = host.size() > local.size() &&
                          equals_ignoring_case(host.substr(host.size() - local.size()), local);
    boost::system::error_code is_name;
    boost::asio::ip::make_address_v4(host, is_name);
    return host.find('.') != std::string_view::npos && !is_local && is_name.failed();
}

} // namespace sealstream::http
