#pragma once

// The event log in memory: keeps the contract of EventLog (tests/ports) and adds the hooks that
// fault tests need. Feeds may outlive the log.

#include "core/base/clock.hpp"
#include "core/ports/event_log.hpp"
#include "tests/support/told_head.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>

namespace sealstream::testing {

struct MemoryLogOptions {
    ChainPolicy chain;
    CodecKind codec{CodecKind::canonical_json};
    std::optional<std::chrono::nanoseconds> id_window{}; // ids that came longer ago are forgotten
};

class MemoryEventLog final : public EventLog {
public:
    // When a made-up failure strikes.
    enum class Strike : std::uint8_t { before_effect, after_effect };

    MemoryEventLog(boost::asio::any_io_executor executor, const Clock& clock,
                   MemoryLogOptions options = {});
    ~MemoryEventLog() override;

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
    [[nodiscard]] std::string incarnation() const override;
    [[nodiscard]] Durability durability() const override;
    [[nodiscard]] bool forgets_ids() const override;
    [[nodiscard]] boost::asio::awaitable<Result<LogMoment>> moment() override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<IdPlace>>>
    find_ids(std::vector<EventId> ids) override;
    void close() noexcept override;

    // The next append (read, or feed step) that comes fails so; several calls queue up. What
    // happens `meanwhile` comes before the failure is told.
    void fail_next_append(Errc code, Strike strike);
    void fail_next_read(Errc code, std::function<void()> meanwhile = {});

    // What nobody should ever do to a log.
    void replace_record(Position position, Bytes record);
    void cut_after(Position last); // the log goes back
    void become_another_log();     // deleted and made again: empty, new incarnation

    ToldHead told_head;

    struct State;

private:
    std::shared_ptr<State> state_; // shared with feeds
};

} // namespace sealstream::testing
