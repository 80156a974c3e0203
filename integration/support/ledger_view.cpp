#include "integration/support/ledger_view.hpp"

#include "core/base/check.hpp"
#include "jetstream/jetstream_event_log.hpp"
#include "postgres/postgres_event_log.hpp"
#include "tests/support/run_task.hpp"

#include <stdexcept>

namespace sealstream::testing {

namespace {

PostgresOptions database_of(const Cluster& cluster)
{
    PostgresOptions options;
    options.uri = cluster.database();
    return options;
}

template <class T>
T expect(Result<T> result, const char* what)
{
    if (!result) {
        throw std::runtime_error{std::string{what} + ": " + describe(result.error())};
    }
    return *std::move(result);
}

} // namespace

LedgerView::LedgerView(const Cluster& cluster)
    : pool_{database_of(cluster)},
      log_{open_log(cluster)}
{
}

std::unique_ptr<EventLog> LedgerView::open_log(const Cluster& cluster)
{
    if (cluster.count(Member::nats) == 0) {
        return expect(run_task(context_, PostgresEventLog::open({}, pool_, threads_, tasks_)),
                      "opening the log");
    }
    jetstream::ConnectionOptions connection;
    connection.url = cluster.nats_url();
    jetstream::EventLogOptions options;
    options.replicas = static_cast<int>(cluster.count(Member::nats));
    options.duplicate_window = cluster.duplicate_window();
    auto opening = jetstream::JetStreamEventLog::open(connection, options, {}, clock_,
                                                      context_.get_executor());
    return expect(run_task(context_, std::move(opening)), "opening the log");
}

LedgerView::~LedgerView()
{
    log_->close();
    run_task(context_, settle());
    log_.reset();
    context_.restart();
    context_.run_for(std::chrono::milliseconds{50}); // what was posted goes first
    threads_.join();
}

Task<void> LedgerView::settle()
{
    co_await tasks_.wait_idle(std::chrono::seconds{20});
}

std::vector<StoredRecord> LedgerView::records()
{
    std::vector<StoredRecord> all;
    while (true) {
        const Position after = all.empty() ? Position{} : all.back().position;
        auto page = expect(run_task(context_, log_->read_from(after, ReadLimits{})), "reading");
        if (page.empty()) {
            return all;
        }
        all.insert(all.end(), page.begin(), page.end());
    }
}

std::vector<IndexedEvent> LedgerView::indexed()
{
    std::vector<IndexedEvent> all;
    while (true) {
        EventQuery query;
        query.events_max = 1'000;
        query.after = all.empty() ? Position{} : all.back().position;
        const auto page = expect(run_task(context_, index_.query(query)), "the index");
        if (page.empty()) {
            return all;
        }
        all.insert(all.end(), page.begin(), page.end());
    }
}

Position LedgerView::head()
{
    return expect(run_task(context_, log_->head()), "the head");
}

Position LedgerView::cursor()
{
    const auto cursor = run_task(context_, index_.cursor());
    return cursor ? *cursor : Position{};
}

std::string LedgerView::value(const std::string& sql)
{
    auto connection = pool_.lend();
    if (!connection) {
        return describe(connection.error());
    }
    const auto answer = (*connection)->run(sql);
    if (!answer) {
        return describe(answer.error());
    }
    return answer->rows() != 0 ? std::string{answer->text(0, 0)} : std::string{};
}

} // namespace sealstream::testing
