#include "postgres/postgres_event_log.hpp"

#include "postgres/append_settings.hpp"
#include "postgres/log_listener.hpp"
#include "postgres/log_writer.hpp"
#include "postgres/postgres_feed.hpp"

#include <boost/asio/this_coro.hpp>

namespace sealstream {

namespace {

struct Opened {
    LedgerIdentity ledger;
    Durability durability;
};

Result<Opened> open_ledger(Connection& connection, const AppendSettings& settings)
{
    SEAL_TRY(identity, find_or_create_ledger(connection, settings.ledger));
    const auto described = write_append_settings(connection, settings);
    if (!described) {
        return described.error();
    }
    SEAL_TRY(durability, read_durability(connection));
    return Opened{std::move(identity), std::move(durability)};
}

const Error closed{Errc::shutting_down, "the log is closed", {}};

} // namespace

struct PostgresEventLog::Parts {
    std::shared_ptr<LogContext> shared;
    LogContext& context{*shared};
    LogWriter writer{context};
    LogListener listener{context};

    // Runs `read(connection, ledger_id)` on the blocking pool.
    template <class Read>
    [[nodiscard]] Task<std::invoke_result_t<Read&, Connection&, const std::string&>> run(Read read)
    {
        using Outcome = std::invoke_result_t<Read&, Connection&, const std::string&>;
        if (context.is_closed) {
            co_return Outcome{closed};
        }
        auto job = [read = std::move(read), &id = context.ledger.ledger_id](
                       Connection& connection) { return read(connection, id); };
        auto outcome = co_await with_connection(context.threads, context.pool, job);
        // A connection that had been idle may have died with an earlier server; reading twice is
        // harmless.
        if (!outcome && outcome.error().code == Errc::unavailable) {
            outcome = co_await with_connection(context.threads, context.pool, std::move(job));
        }
        co_return outcome;
    }
};

Task<Result<std::unique_ptr<PostgresEventLog>>> PostgresEventLog::open(PostgresLogOptions options,
                                                                       Pool& pool,
                                                                       BlockingPool& threads,
                                                                       TaskGroup& tasks)
{
    auto job = [settings =
                    AppendSettings{options.ledger, AppendTarget::log, options.codec, options.chain,
                                   options.refuses_unknown_types, options.refuses_unknown_schemas}](
                   Connection& connection) { return open_ledger(connection, settings); };
    SEAL_CO_TRY(opened, co_await with_connection(threads, pool, std::move(job)));
    const auto executor = co_await boost::asio::this_coro::executor;
    std::shared_ptr<LogContext> shared{
        new LogContext{std::move(options), pool, threads, tasks, std::move(opened.ledger),
                       std::move(opened.durability), Notifier{executor}}};
    std::unique_ptr<Parts> parts{new Parts{std::move(shared)}};
    co_return std::unique_ptr<PostgresEventLog>{new PostgresEventLog{std::move(parts)}};
}

PostgresEventLog::PostgresEventLog(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}
PostgresEventLog::~PostgresEventLog()
{
    close();
}

Task<Result<Appended>> PostgresEventLog::append(AppendRequest request)
{
    return parts_->writer.append(std::move(request));
}

Task<Result<std::vector<StoredRecord>>>
PostgresEventLog::read_from(Position after, ReadLimits limits, LogFilter filter)
{
    auto read = [after, limits, filter = std::move(filter)](Connection& connection,
                                                            const std::string& ledger_id) {
        if (const auto checked = filter.check(); !checked) {
            return Result<std::vector<StoredRecord>>{checked.error()};
        }
        return filter.is_empty()
                   ? read_records(connection, ledger_id, after, limits)
                   : read_matching_records(connection, ledger_id, after, limits, filter);
    };
    return parts_->run(std::move(read));
}

Task<Result<std::vector<StoredRecord>>>
PostgresEventLog::read_stream(StreamName stream, Version after, ReadLimits limits)
{
    auto read = [stream = std::move(stream), after, limits](Connection& connection,
                                                            const std::string& ledger_id) {
        return read_stream_records(connection, ledger_id, stream, after, limits);
    };
    return parts_->run(std::move(read));
}

Task<Result<StreamHead>> PostgresEventLog::stream_head(StreamName stream)
{
    auto read = [stream = std::move(stream)](Connection& connection, const std::string& ledger_id) {
        return read_stream_head(connection, ledger_id, stream);
    };
    return parts_->run(std::move(read));
}

std::unique_ptr<Feed> PostgresEventLog::subscribe_from(Position after, LogFilter filter)
{
    if (const auto checked = filter.check(); !checked) {
        return std::make_unique<RefusedFeed>(checked.error());
    }
    parts_->listener.start();
    return std::make_unique<PostgresFeed>(parts_->shared, after, std::move(filter));
}

Task<Result<Position>> PostgresEventLog::head()
{
    auto read = [](Connection& connection, const std::string& ledger_id) -> Result<Position> {
        SEAL_TRY(found, read_head(connection, ledger_id));
        return found.head;
    };
    return parts_->run(std::move(read));
}

std::string PostgresEventLog::incarnation() const
{
    return parts_->context.ledger.incarnation;
}

Durability PostgresEventLog::durability() const
{
    return parts_->context.durability;
}

Task<Result<std::vector<IdPlace>>> PostgresEventLog::find_ids(std::vector<EventId> ids)
{
    auto find = [ids = std::move(ids)](Connection& connection, const std::string& ledger_id) {
        return find_places(connection, ledger_id, ids);
    };
    return parts_->run(std::move(find));
}

void PostgresEventLog::close() noexcept
{
    parts_->context.is_closed = true;
    parts_->writer.close();
    parts_->listener.close();
    parts_->context.appended.notify_all();
}

} // namespace sealstream
