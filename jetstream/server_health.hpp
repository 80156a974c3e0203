#pragma once

// Whether a nats-server says that it is well (/healthz of its monitoring pages). It keeps its
// clients and answers their reads when it can not write to its disk, and says so only there.

#include "core/async/awaitable.hpp"
#include "core/base/result.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace sealstream::jetstream {

struct ServerHealth {
    bool is_well{false};
    std::string trouble; // in the server's words; empty when it is well
    std::string remedy;  // a sentence; empty when it is well
};

// The body of /healthz. Pure.
[[nodiscard]] ServerHealth parse_health(std::string_view healthz);

//   unavailable   no answer
[[nodiscard]] Task<Result<ServerHealth>> read_server_health(std::string monitor_url,
                                                            boost::asio::any_io_executor home,
                                                            std::chrono::milliseconds timeout);

} // namespace sealstream::jetstream
