#pragma once

// Group commit: all appends that wait go into one transaction. At most one transaction runs at a
// time; a task exists only while something waits.

#include "postgres/log_context.hpp"

#include <deque>

namespace sealstream {

class LogWriter {
public:
    explicit LogWriter(LogContext& context) : context_{context} {}

    [[nodiscard]] Task<Result<Appended>> append(AppendRequest request);

    // What waits is answered with shutting_down; what is being written is finished.
    void close() noexcept;

private:
    struct Ticket;
    // Shared: the writer finishes a ticket also when its caller has gone.
    using Tickets = std::vector<std::shared_ptr<Ticket>>;

    [[nodiscard]] Task<void> write_waiting();
    [[nodiscard]] Tickets take_group();
    [[nodiscard]] Task<void> write_group(Tickets group);
    [[nodiscard]] Task<Result<std::vector<Result<Appended>>>> commit(const Tickets& group);

    LogContext& context_;
    std::deque<std::shared_ptr<Ticket>> waiting_;
    std::size_t queued_bytes_{0}; // of what waits or is being written
    bool is_writing_{false};
};

} // namespace sealstream
