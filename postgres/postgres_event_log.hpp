#pragma once

// The event log of the single-database profile: EventLog on Postgres.
//
// Executor  Calls start and complete on the I/O thread; SQL runs on the blocking pool.
// Order     An append locks its ledger's row until it has committed, so positions are gapless and
//           become visible in order, whoever appends from where.
// Grouping  All appends that wait while one transaction runs go into the next one together.
// In doubt  A commit without an answer is settled by taking the ledger's lock again, which waits
//           for the old transaction's end, and looking for its ids; only if that fails, too, is it
//           outcome_unknown.
// Feeds     Woken by LISTEN/NOTIFY on a connection of its own; polling covers what a broken one
//           misses. They may outlive the log, and then say shutting_down.
// Shutdown  close(), wait for `tasks` to be idle, destroy.

#include "core/async/task_group.hpp"
#include "core/ports/event_log.hpp"
#include "postgres/pool.hpp"

namespace sealstream {

struct PostgresLogOptions {
    std::string ledger{"main"};
    CodecKind codec{CodecKind::canonical_json};
    ChainPolicy chain;
    bool refuses_unknown_types{false};      // by sealstream.append(), of types without a policy
    bool refuses_unknown_schemas{false};    // … without a schema
    std::size_t appends_waiting_max{4096};  // beyond it: overloaded
    std::size_t queue_bytes_max{256 << 20}; // … and their bytes; one append is taken in any case
    std::size_t transaction_events_max{5000}; // soft: one append is never split
    std::chrono::milliseconds poll_interval{1'000};
    std::chrono::milliseconds feed_patience{10'000}; // before a feed says unavailable
    unsigned commit_resolve_tries{6};                // with `commit_resolve_wait` between them
    std::chrono::milliseconds commit_resolve_wait{500};
};

class PostgresEventLog : public EventLog {
public:
    // The schema must be there: migrate(). Makes the ledger when it is new.
    //   unsupported   the schema is missing
    //   unavailable   the database does not answer
    [[nodiscard]] static boost::asio::awaitable<Result<std::unique_ptr<PostgresEventLog>>>
    open(PostgresLogOptions options, Pool& pool, BlockingPool& threads, TaskGroup& tasks);

    ~PostgresEventLog() override;

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
    [[nodiscard]] std::string incarnation() const override;
    [[nodiscard]] Durability durability() const override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<IdPlace>>>
    find_ids(std::vector<EventId> ids) override;
    void close() noexcept override;

private:
    struct Parts;
    explicit PostgresEventLog(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
};

} // namespace sealstream
