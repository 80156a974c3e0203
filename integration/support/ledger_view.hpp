#pragma once

// A look at a ledger past the product's processes: the log straight from its store, the event index
// straight from Postgres.

#include "core/async/task_group.hpp"
#include "core/ports/event_log.hpp"
#include "integration/support/cluster.hpp"
#include "projections/postgres_event_index.hpp"

#include <boost/asio/io_context.hpp>

namespace sealstream::testing {

class LedgerView {
public:
    explicit LedgerView(const Cluster& cluster);
    ~LedgerView();
    LedgerView(const LedgerView&) = delete;
    LedgerView& operator=(const LedgerView&) = delete;

    [[nodiscard]] std::vector<StoredRecord> records();
    [[nodiscard]] std::vector<IndexedEvent> indexed();
    [[nodiscard]] Position head();
    [[nodiscard]] Position cursor(); // 0 when Postgres does not answer
    // One value of one row, as text; or what went wrong.
    [[nodiscard]] std::string value(const std::string& sql);

private:
    [[nodiscard]] std::unique_ptr<EventLog> open_log(const Cluster& cluster);
    [[nodiscard]] Task<void> settle();

    SystemClock clock_;
    boost::asio::io_context context_{1};
    Pool pool_;
    BlockingPool threads_{BlockingPoolOptions{}};
    TaskGroup tasks_{context_.get_executor()};
    std::unique_ptr<EventLog> log_;
    PostgresEventIndex index_{"main", pool_, threads_};
};

} // namespace sealstream::testing
