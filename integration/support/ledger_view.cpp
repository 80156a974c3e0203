#include "integration/support/ledger_view.hpp"

#include "core/base/check.hpp"
#include "jetstream/jetstream_event_log.hpp"
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

LedgerView::LedgerView(const Cluster& cluster) : pool_{database_of(cluster)}
{
    jetstream::ConnectionOptions connection;
    connection.url = cluster.nats_url();
    jetstream::EventLogOptions options;
    options.replicas = static_cast<int>(cluster.count(Member::nats));
    log_ = expect(run_task(context_, jetstream::JetStreamEventLog::open(
                                         connection, options, {}, clock_, context_.get_executor())),
                  "opening the log");
}

LedgerView::~LedgerView()
{
    log_->close();
    log_.reset();
    context_.restart();
    context_.run_for(std::chrono::milliseconds{50}); // what was posted goes first
    threads_.join();
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

} // namespace sealstream::testing
