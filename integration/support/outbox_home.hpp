#pragma once

// A database with an outbox, a log in memory, and relays that are started and stopped.

#include "integration/support/postgres_home.hpp"
#include "postgres/append_settings.hpp"
#include "postgres/outbox/outbox_relay.hpp"
#include "tests/support/memory_event_log.hpp"

#include <boost/asio/steady_timer.hpp>
#include <prometheus/registry.h>

#include <functional>

namespace sealstream::testing {

class LogTarget final : public OutboxTarget {
public:
    explicit LogTarget(EventLog& log) : log_{log} {}
    Task<Result<Appended>> append(OutboxAppend append) override
    {
        ++appends;
        if (before_append && appends == 2) {
            co_await std::exchange(before_append, nullptr)();
        }
        co_return co_await log_.append(std::move(append.batch));
    }
    std::size_t appends{0};
    std::function<Task<void>()> before_append; // the second one

private:
    EventLog& log_;
};

class OutboxHome {
public:
    explicit OutboxHome(MemoryLogOptions log_options = {})
        : log{home.context.get_executor(), clock, log_options}
    {
        auto connection = home.pool.lend();
        SEAL_CHECK(write_append_settings(**connection, {"main", AppendTarget::outbox, {}, {}}),
                   "a migrated database takes settings");
        options.retry = {std::chrono::milliseconds{1}, std::chrono::milliseconds{5}};
        options.poll_interval = std::chrono::milliseconds{2};
    }

    // The streams of one transaction, an event for each.
    bool commit(const std::vector<std::string>& streams, bool is_committed = true)
    {
        auto lease = home.pool.lend();
        auto transaction = Transaction::begin(**lease);
        for (const std::string& stream : streams) {
            const auto appended =
                (*lease)->run("SELECT event_id FROM sealstream.append('main', $1, 'T', $2::text)",
                              {stream, std::to_string(++events)});
            if (!appended) {
                return false;
            }
        }
        return is_committed && transaction->commit().has_value();
    }

    // Runs a relay until everything is stamped or parked, or the relay ends.
    OutboxStatus relay()
    {
        Stop stop{home.context.get_executor()};
        prometheus::Registry registry;
        OutboxMetrics metrics{registry};
        OutboxRelay relay{log, target, home.pool, home.threads, clock, stop, options, metrics};
        bool has_ended = false;
        home.tasks.spawn("relay", run_to_end(relay, has_ended));
        for (int tries = 0; tries < 12'000 && !has_ended && !waiting().empty(); ++tries) {
            home.context.restart();
            home.context.run_for(std::chrono::milliseconds{5});
        }
        stop.request();
        home.run(home.tasks.wait_idle(std::chrono::seconds{60}));
        return relay.status();
    }

    // Another relay, inside the run of the first, until everything is stamped.
    Task<void> relay_through(OutboxTarget& other)
    {
        Stop stop{home.context.get_executor()};
        prometheus::Registry registry;
        OutboxMetrics metrics{registry};
        OutboxRelay relay{log, other, home.pool, home.threads, clock, stop, options, metrics};
        bool has_ended = false;
        home.tasks.spawn("other relay", run_to_end(relay, has_ended));
        for (int tries = 0; tries < 12'000 && !waiting().empty(); ++tries) {
            co_await stop.sleep_for(std::chrono::milliseconds{5});
        }
        stop.request();
        while (!has_ended) {
            boost::asio::steady_timer timer{home.context, std::chrono::milliseconds{5}};
            co_await timer.async_wait(use_tuple);
        }
    }

    static Task<void> run_to_end(OutboxRelay& relay, bool& has_ended)
    {
        co_await relay.run();
        has_ended = true;
    }

    std::string waiting()
    {
        const auto count = home.value("SELECT count(*) FROM sealstream.outbox_transactions WHERE"
                                      " emitted_at IS NULL AND parked_at IS NULL");
        return count == "0" ? std::string{} : count;
    }

    std::vector<std::string> data_in_log()
    {
        std::vector<std::string> data;
        const auto records = home.run(log.read_from(Position{}, ReadLimits{}));
        for (const StoredRecord& stored : *records) {
            data.push_back(decode_record(stored.record)->draft.data);
        }
        return data;
    }

    PostgresHome home;
    SystemClock clock;
    MemoryEventLog log;
    LogTarget target{log};
    OutboxOptions options;
    std::uint64_t events{0};
};

inline std::vector<std::string> numbers(std::uint64_t first, std::uint64_t last)
{
    std::vector<std::string> all;
    for (auto number = first; number <= last; ++number) {
        all.push_back(std::to_string(number));
    }
    return all;
}

} // namespace sealstream::testing
