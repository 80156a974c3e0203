#pragma once

// A log of very many events that costs no memory: what stands at a position follows from the
// position, and is handed out when it is read. It grows when the test says so; nobody appends.

#include "core/async/notifier.hpp"
#include "core/ports/event_index.hpp"
#include "core/ports/event_log.hpp"

namespace sealstream::testing {

class SyntheticEventLog final : public EventLog {
public:
    explicit SyntheticEventLog(boost::asio::any_io_executor executor);

    // Every 997th event is of type rare.tick, all others of common.0 to common.6; streams are
    // load/0 to load/49.
    static constexpr std::uint64_t period = 997;
    [[nodiscard]] static Event event_at(std::uint64_t position);

    void grow_to(std::uint64_t head)
    {
        head_ = Position{head};
        changed_.notify_all();
    }
    [[nodiscard]] Position grown() const noexcept { return head_; }
    // The next `count` reads fail as if the server were away.
    void go_away(std::size_t count) { failures_ += count; }

    using EventLog::read_from;
    using EventLog::subscribe_from;
    [[nodiscard]] boost::asio::awaitable<Result<Appended>> append(AppendRequest request) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<StoredRecord>>>
    read_from(Position after, ReadLimits limits, LogFilter filter) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<StoredRecord>>>
    read_stream(StreamName stream, Version after, ReadLimits limits) override;
    [[nodiscard]] boost::asio::awaitable<Result<StreamHead>>
    stream_head(StreamName stream) override;
    [[nodiscard]] std::unique_ptr<Feed> subscribe_from(Position after, LogFilter filter) override;
    [[nodiscard]] boost::asio::awaitable<Result<Position>> head() override;
    [[nodiscard]] std::string incarnation() const override { return "synthetic"; }
    [[nodiscard]] Durability durability() const override { return {"memory", 1, false}; }
    void close() noexcept override {}

private:
    class SyntheticFeed;
    [[nodiscard]] Result<std::vector<StoredRecord>> read(Position after, ReadLimits limits);

    Notifier changed_;
    std::vector<Bytes> records_; // of one period
    Position head_{};
    std::size_t failures_{0};
};

// Knows the rare ones of such a log, up to `lag` behind its head.
class SyntheticIndex final : public EventIndex {
public:
    explicit SyntheticIndex(const SyntheticEventLog& log) : log_{log} {}
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<IndexedEvent>>>
    query(EventQuery query) override;
    [[nodiscard]] boost::asio::awaitable<Result<IndexedEvent>>
    find(EventId id, Position at_least = {}) override;
    [[nodiscard]] boost::asio::awaitable<Result<Position>> cursor() override;

    std::uint64_t lag{0};
    std::uint64_t queries{0};

private:
    const SyntheticEventLog& log_;
};

} // namespace sealstream::testing
