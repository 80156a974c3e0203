#include "postgres/log_writer.hpp"

#include "core/base/log.hpp"
#include "core/event/append_size.hpp"

#include <thread>

namespace sealstream {

namespace {

using Answers = std::vector<Result<Appended>>;

constexpr unsigned tries_max = 3;                    // of a transaction that had no effect
constexpr std::chrono::seconds ticket_wait_step{60}; // only a wake-up; the writer always answers

// Looks whether a transaction whose COMMIT had no answer has happened. Locking the head waits for
// that transaction to end if it still runs on the server, so "not there" is final.
Result<void> resolve(Pool& pool, const PostgresLogOptions& options, const std::string& ledger_id,
                     const EventId& first)
{
    for (unsigned tries = 0; tries < options.commit_resolve_tries; ++tries) {
        if (tries != 0) {
            std::this_thread::sleep_for(options.commit_resolve_wait);
        }
        const auto lease = pool.lend();
        if (!lease) {
            continue;
        }
        const auto transaction = Transaction::begin(**lease);
        if (!transaction || !lock_head(**lease, ledger_id)) {
            continue;
        }
        const auto found = has_event(**lease, ledger_id, first);
        if (found) {
            log(Level::warn, "postgres.commit_resolved", "postgres", {{"happened", *found}});
            return *found ? Result<void>{}
                          : Error{Errc::unavailable, "the connection broke before the commit"};
        }
    }
    return Error{Errc::outcome_unknown, "the connection broke during the commit"};
}

struct Job {
    Pool& pool;
    const PostgresLogOptions& options;
    const std::string& ledger_id;
    std::vector<AppendRequest> requests;

    Result<Answers> operator()(Connection& connection) const
    {
        SEAL_TRY(transaction, Transaction::begin(connection));
        SEAL_TRY(head, lock_head(connection, ledger_id));
        SEAL_TRY(state, read_state(connection, ledger_id, requests));
        state.head = head.head;
        auto plan = plan_appends(requests, std::move(state), options.chain, codec(options.codec));
        if (plan.records.empty()) {
            return std::move(plan.answers); // only repeats and refusals: nothing to commit
        }
        const auto inserted = insert_records(connection, ledger_id, head.now, plan.records);
        if (!inserted) {
            return inserted.error();
        }
        auto committed = transaction.commit();
        if (!committed && committed.error().code == Errc::outcome_unknown) {
            committed = resolve(pool, options, ledger_id, plan.records.front().placed.id);
        }
        if (!committed) {
            return committed.error();
        }
        return std::move(plan.answers);
    }
};

// Nothing has happened, and the next try may find another connection or no deadlock.
bool is_worth_another_try(Errc code)
{
    return code == Errc::unavailable || code == Errc::overloaded;
}

// One request may be to blame for it, so the others get a transaction without it.
bool is_of_one_request(Errc code)
{
    return code == Errc::malformed || code == Errc::conflict || code == Errc::internal;
}

} // namespace

struct LogWriter::Ticket {
    Ticket(AppendRequest asked, boost::asio::any_io_executor executor)
        : request{std::move(asked)},
          answered{std::move(executor)}
    {
        events = request.events();
        bytes = bytes_of(request);
    }

    AppendRequest request;
    std::size_t events{0};
    std::size_t bytes{0};
    std::optional<Result<Appended>> answer;
    Notifier answered;

    void settle(Result<Appended> result)
    {
        answer = std::move(result);
        answered.notify_all();
    }
};

Task<Result<Appended>> LogWriter::append(AppendRequest request)
{
    if (context_.is_closed) {
        co_return Error{Errc::shutting_down, "the log is closed"};
    }
    const auto checked = check_request(request, append_events_max);
    if (!checked) {
        co_return checked.error();
    }
    if (waiting_.size() >= context_.options.appends_waiting_max) {
        co_return Error{Errc::overloaded, "too many appends wait for Postgres"};
    }
    const std::size_t bytes = bytes_of(request);
    if (queued_bytes_ != 0 && queued_bytes_ + bytes > context_.options.queue_bytes_max) {
        co_return Error{Errc::overloaded, "the appends that wait for Postgres are too large"};
    }
    queued_bytes_ += bytes;
    const auto ticket = std::make_shared<Ticket>(std::move(request), context_.appended.executor());
    waiting_.push_back(ticket);
    if (!is_writing_) {
        is_writing_ = true;
        context_.tasks.spawn("postgres log writer", write_waiting());
    }
    while (!ticket->answer) {
        co_await ticket->answered.wait_for(ticket_wait_step);
    }
    co_return std::move(*ticket->answer);
}

void LogWriter::close() noexcept
{
    for (const auto& ticket : waiting_) {
        queued_bytes_ -= ticket->bytes;
        ticket->settle(Error{Errc::shutting_down, "the log was closed"});
    }
    waiting_.clear();
}

Task<void> LogWriter::write_waiting()
{
    while (!waiting_.empty()) {
        auto group = take_group();
        co_await write_group(std::move(group));
    }
    is_writing_ = false;
}

LogWriter::Tickets LogWriter::take_group()
{
    Tickets group;
    std::size_t events = 0;
    while (!waiting_.empty() && events < context_.options.transaction_events_max) {
        events += waiting_.front()->events;
        group.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return group;
}

Task<void> LogWriter::write_group(Tickets group)
{
    auto answers = co_await commit(group);
    for (unsigned tries = 1; tries < tries_max && !answers; ++tries) {
        if (!is_worth_another_try(answers.error().code)) {
            break;
        }
        answers = co_await commit(group);
    }
    if (!answers && group.size() > 1 && is_of_one_request(answers.error().code)) {
        for (auto& ticket : group) {
            Tickets alone{ticket};
            co_await write_group(std::move(alone));
        }
        co_return;
    }
    for (std::size_t at = 0; at < group.size(); ++at) {
        queued_bytes_ -= group[at]->bytes;
        group[at]->settle(answers ? (*answers)[at] : Result<Appended>{answers.error()});
    }
    context_.appended.notify_all(); // own feeds need not wait for the notification
}

Task<Result<Answers>> LogWriter::commit(const Tickets& group)
{
    Job job{context_.pool, context_.options, context_.ledger.ledger_id, {}};
    for (const auto& ticket : group) {
        job.requests.push_back(ticket->request);
    }
    auto answers = co_await with_connection(context_.threads, context_.pool, std::move(job));
    co_return answers;
}

} // namespace sealstream
