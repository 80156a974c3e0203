#pragma once

// The monitoring pages of a nats-server (`http: 8222` in its configuration), which say of it what
// the protocol does not tell clients.

#include "core/async/awaitable.hpp"
#include "core/base/result.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace sealstream::jetstream {

// "http://host:8222", with or without a path. Pure.
struct MonitorAddress {
    std::string host;
    std::string port;
};
[[nodiscard]] Result<MonitorAddress> parse_monitor_url(std::string_view url);

// Of EventLogOptions::monitor_urls. Pure.
[[nodiscard]] std::vector<std::string> split_monitor_urls(std::string_view urls);

struct MonitorPage {
    int status{0}; // of HTTP
    std::string body;
};

// `path` is "/varz" or another that the server has.
//   unavailable   no answer
[[nodiscard]] Task<Result<MonitorPage>> read_monitor_page(std::string monitor_url, std::string path,
                                                          boost::asio::any_io_executor home,
                                                          std::chrono::milliseconds timeout);

} // namespace sealstream::jetstream
