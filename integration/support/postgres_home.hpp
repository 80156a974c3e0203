#pragma once

// A server, a migrated database of its own, and a home for coroutines: what tests on Postgres start
// from.

#include "core/async/task_group.hpp"
#include "integration/support/postgres_server.hpp"
#include "postgres/migrations.hpp"
#include "postgres/postgres_event_log.hpp"
#include "tests/support/run_task.hpp"

#include <iostream>

namespace sealstream::testing {

// True, after saying so, when there is no Postgres to test with.
[[nodiscard]] inline bool has_no_postgres()
{
    if (PostgresServer::is_installed()) {
        return false;
    }
    std::cout << "SKIPPED: Postgres is not installed" << std::endl;
    return true;
}

// One server for all test cases of a binary that do not kill it.
[[nodiscard]] inline PostgresServer& shared_server()
{
    static PostgresServer server;
    return server;
}

class PostgresHome {
public:
    explicit PostgresHome(PostgresServer& server = shared_server())
        : pool{options_for(server.create_database())}
    {
        auto connection = pool.lend();
        SEAL_CHECK(connection.has_value(), "a fresh server answers");
        SEAL_CHECK(migrate(**connection).has_value(), "an empty database can be migrated");
    }
    ~PostgresHome()
    {
        for (const auto& log : logs_) {
            log->close();
        }
        run_task(context, wait_until_idle());
        threads.join();
    }
    PostgresHome(const PostgresHome&) = delete;
    PostgresHome& operator=(const PostgresHome&) = delete;

    template <class T>
    T run(Task<T> task)
    {
        return run_task(context, std::move(task));
    }
    void run(Task<void> task) { run_task(context, std::move(task)); }

    // Lives as long as this home, and is closed by it.
    [[nodiscard]] PostgresEventLog& open_log(PostgresLogOptions options = {})
    {
        auto opened = run(PostgresEventLog::open(std::move(options), pool, threads, tasks));
        SEAL_CHECK(opened.has_value(), "a migrated database holds a log");
        return *logs_.emplace_back(*std::move(opened));
    }

    // One value of one row, as text; for looking at what is stored.
    [[nodiscard]] std::string value(const std::string& sql, const SqlValues& values = {})
    {
        auto connection = pool.lend();
        SEAL_CHECK(connection.has_value(), "the server answers");
        const auto answer = (*connection)->run(sql, values);
        return answer ? std::string{answer->text(0, 0)} : describe(answer.error());
    }

    [[nodiscard]] static PostgresOptions options_for(const std::string& uri)
    {
        PostgresOptions options;
        options.uri = uri;
        return options;
    }

    boost::asio::io_context context{1};
    Pool pool;
    BlockingPool threads{BlockingPoolOptions{}};
    TaskGroup tasks{context.get_executor()};

private:
    Task<void> wait_until_idle()
    {
        const auto running = co_await tasks.wait_idle(std::chrono::seconds{20});
        SEAL_CHECK(running == 0, "closed logs have no work left");
    }

    std::vector<std::unique_ptr<PostgresEventLog>> logs_;
};

} // namespace sealstream::testing
