#pragma once

// The event log on JetStream: one stream EV_<ledger>, one message an event, its sequence the
// position.

#include "core/ports/event_log.hpp"
#include "jetstream/options.hpp"

#include <boost/asio/any_io_executor.hpp>

namespace sealstream::jetstream {

struct StreamState;

struct EventLogStatus {
    bool is_connected{false};
    std::uint64_t reconnects{0};
    std::string server_version;
    std::uint64_t flights{0}; // publishes and batches sent with appends; above the appends: retries
    std::uint64_t head_reads{0};       // looks at a stream's newest event, for appends
    std::int64_t payload_bytes_max{0}; // of one message, as the server says
};

class JetStreamEventLog final : public EventLog {
public:
    // Connects, makes or finds the stream, and reads it back. Connecting blocks up to
    // connect_timeout, so call it before the I/O thread has other work, or tolerate the pause.
    //   unavailable   no server, no quorum
    //   unsupported   the server is too old
    //   corrupt       the stream was changed behind our back
    [[nodiscard]] static boost::asio::awaitable<Result<std::unique_ptr<JetStreamEventLog>>>
    open(ConnectionOptions connection, EventLogOptions options, FeedOptions feed,
         const Clock& clock, boost::asio::any_io_executor home);

    ~JetStreamEventLog() override;

    [[nodiscard]] boost::asio::awaitable<Result<Appended>> append(AppendRequest request) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<StoredRecord>>>
    read_from(Position after, ReadLimits limits, LogFilter filter) override;
    using EventLog::read_from;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<StoredRecord>>>
    read_stream(StreamName stream, Version after, ReadLimits limits) override;
    [[nodiscard]] boost::asio::awaitable<Result<StreamHead>>
    stream_head(StreamName stream) override;
    [[nodiscard]] std::unique_ptr<Feed> subscribe_from(Position after, LogFilter filter) override;
    using EventLog::subscribe_from;
    [[nodiscard]] boost::asio::awaitable<Result<Position>> head() override;
    [[nodiscard]] boost::asio::awaitable<Result<Position>> settled_head(Position seen) override;
    [[nodiscard]] bool may_lag() const override { return true; } // any replica may be asked
    [[nodiscard]] boost::asio::awaitable<Result<Position>> newest(LogFilter filter) override;
    [[nodiscard]] std::string incarnation() const override;
    [[nodiscard]] Durability durability() const override;
    [[nodiscard]] bool forgets_ids() const override { return true; }
    [[nodiscard]] boost::asio::awaitable<Result<LogMoment>> moment() override;
    void close() noexcept override;

    [[nodiscard]] EventLogStatus status() const;

    // A node must not promise to take what its log never takes.
    //   malformed   the server refuses messages of so many bytes
    [[nodiscard]] Result<void> check_takes(std::size_t event_bytes_max) const;

private:
    struct Core;
    [[nodiscard]] static boost::asio::awaitable<Result<StreamState>>
    current_state(std::shared_ptr<Core> core);
    [[nodiscard]] static boost::asio::awaitable<void> watch_durability(std::shared_ptr<Core> core);
    explicit JetStreamEventLog(std::shared_ptr<Core> core);
    std::shared_ptr<Core> core_; // also kept by work that runs on
};

} // namespace sealstream::jetstream
