#pragma once

// Whether servers sync every write before they acknowledge it. The NATS protocol does not tell
// clients; the monitoring page does (/varz: jetstream.config.sync_always, sync_interval).

#include "core/async/awaitable.hpp"
#include "core/base/result.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace sealstream::jetstream {

struct SyncMode {
    std::string server; // its name
    bool is_always{false};
    std::chrono::nanoseconds interval{0}; // between two syncs, when not always
};

// The body of /varz. Pure.
//   malformed     not such a page
//   unsupported   a server without JetStream
[[nodiscard]] Result<SyncMode> parse_sync_mode(std::string_view varz);

//   unavailable   no answer, or another one than 200
[[nodiscard]] Task<Result<SyncMode>> read_sync_mode(std::string monitor_url,
                                                    boost::asio::any_io_executor home,
                                                    std::chrono::milliseconds timeout);

} // namespace sealstream::jetstream
