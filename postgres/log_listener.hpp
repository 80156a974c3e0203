#pragma once

// Wakes the feeds of a log when anybody has appended to it: LISTEN on a connection of its own.
// While that is down, feeds poll; it comes back by itself.

#include "postgres/log_context.hpp"

namespace sealstream {

class LogListener {
public:
    explicit LogListener(LogContext& context);
    ~LogListener();
    LogListener(const LogListener&) = delete;
    LogListener& operator=(const LogListener&) = delete;

    void start(); // once is enough
    void close() noexcept;

private:
    struct Wait;

    [[nodiscard]] Task<void> run();
    [[nodiscard]] Task<Result<void>> listen_until_broken();

    LogContext& context_;
    Wait* wait_{nullptr}; // while waiting for the socket
    bool is_started_{false};
};

} // namespace sealstream
