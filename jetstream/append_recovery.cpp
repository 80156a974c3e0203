// The second half of the append path: what happens when an append does not simply succeed.

#include "core/async/backoff.hpp"
#include "core/base/log.hpp"
#include "jetstream/append_flight.hpp"
#include "jetstream/subject.hpp"

#include <boost/asio/steady_timer.hpp>

namespace sealstream::jetstream {

namespace {

constexpr std::chrono::seconds clock_slack{60}; // between us and the server
constexpr std::size_t repeat_page_events{500};
constexpr std::chrono::milliseconds connection_wait{200};
constexpr std::chrono::milliseconds doubt_interval{20}; // until a permit is asked for again

} // namespace

// Whether it may be sent now. Else it is complete, or waits until that is known.
bool Appender::may_go(const OperationPtr& operation)
{
    if (is_expired(operation)) {
        return false;
    }
    Permit& permit = operation->request.permit;
    if (clock_.monotonic() < permit.holds_until) {
        return true;
    }
    auto renewed = permit.renew != nullptr
                       ? (*permit.renew)()
                       : Result<Monotonic>{Error{Errc::unavailable, "it has waited for too long"}};
    if (!renewed) {
        complete(operation, operation->may_be_stored
                                ? Error{Errc::outcome_unknown, describe(renewed.error())}
                                : std::move(renewed).error());
        return false;
    }
    permit.holds_until = *renewed;
    if (clock_.monotonic() < permit.holds_until) {
        return true;
    }
    operation->last_trouble = "whether its permit still holds can not be told now";
    doubt(operation);
    return false;
}

void Appender::doubt(const OperationPtr& operation)
{
    doubtful_.push_back(operation);
    if (doubtful_.size() > 1) {
        return; // the timer runs
    }
    doubt_timer_.expires_after(doubt_interval);
    doubt_timer_.async_wait([this, keep = owner_.lock()](boost::system::error_code) {
        const auto waiting = std::exchange(doubtful_, {});
        for (const OperationPtr& next : waiting) {
            submit(next);
        }
    });
}

// Sends the same events again, sealed anew onto what the streams' heads are by then.
Task<void> Appender::retry_later(FlightPtr flight, std::chrono::milliseconds wait)
{
    for (const auto& touched : flight->touched) {
        heads_.forget(touched.stream);
    }
    if (wait.count() > 0) {
        boost::asio::steady_timer timer{home_};
        timer.expires_after(wait);
        co_await timer.async_wait(use_tuple);
    }
    while (!connection_.is_connected() && !is_closed_ &&
           clock_.monotonic() < flight->operations.front()->deadline) {
        co_await connection_.state_changed().wait_for(connection_wait);
    }
    flight->finish(batches_in_flight_);
    // They were first, so they stay first: those that waited meanwhile queue up behind them.
    std::vector<OperationPtr> behind;
    for (const auto& touched : flight->touched) {
        const auto busy = busy_.find(touched.stream);
        if (busy != busy_.end()) {
            std::move(busy->second.waiting.begin(), busy->second.waiting.end(),
                      std::back_inserter(behind));
            busy_.erase(busy);
        }
    }
    if (flight->is_plain && behind.empty()) {
        submit(flight->operations.front());
    } else {
        lane_.insert(lane_.begin(), behind.begin(), behind.end());
        lane_.insert(lane_.begin(), flight->operations.begin(), flight->operations.end());
    }
    release({});
}

// Reads the heads of `streams` (held by us), then lets the operation try again.
Task<void> Appender::refresh(OperationPtr operation, std::vector<StreamName> streams)
{
    Backoff backoff{{std::chrono::milliseconds{10}, std::chrono::milliseconds{500}}};
    for (const StreamName& stream : streams) {
        while (!is_closed_ && clock_.monotonic() < operation->deadline) {
            const auto head = co_await read_head(stream);
            if (head) {
                heads_.set(stream, *head);
                break;
            }
            operation->last_trouble = describe(head.error());
            boost::asio::steady_timer timer{home_};
            timer.expires_after(backoff.next());
            co_await timer.async_wait(use_tuple);
        }
    }
    lane_.push_front(operation);
    release(streams);
}

Task<Result<StreamHead>> Appender::read_head(StreamName stream)
{
    std::string subject = subject_of(options_.ledger, stream);
    // A replica may be behind; then the next publish fails its condition and we come here again.
    Task<Result<StoredRecord>> last = options_.replicas > 1
                                          ? reader_.last_of_leader(std::move(subject))
                                          : reader_.last_of(std::move(subject));
    const auto found = co_await std::move(last);
    if (!found && found.error().code == Errc::not_found) {
        co_return StreamHead{};
    }
    if (!found) {
        co_return found.error();
    }
    const auto event = decode_record(found->record);
    if (!event) {
        co_return Error{Errc::corrupt, "position " + std::to_string(found->position.value) + ": " +
                                           describe(event.error())};
    }
    if (event->stream != stream) {
        co_return Error{Errc::corrupt, "position " + std::to_string(found->position.value) +
                                           " is on the subject of " + stream.to_string() +
                                           " but belongs to " + event->stream.to_string()};
    }
    co_return StreamHead{event->version, found->position, event->hash.value_or(Digest{})};
}

Task<Result<StreamHead>> Appender::head_of(StreamName stream)
{
    co_return co_await read_head(
        std::move(stream)); // other nodes append too: only the server knows
}

// The condition fails against a remembered head: against the real one too? And if so, was it our
// own earlier try that moved the stream on?
Task<void> Appender::resolve_conflict(OperationPtr operation, Error conflict)
{
    const auto streams = operation->streams();
    bool still_fails = false;
    for (std::size_t at = 0; at < streams.size(); ++at) {
        const auto head = co_await read_head(streams[at]);
        if (!head) {
            operation->last_trouble = describe(head.error());
            continue; // look again with the next try
        }
        heads_.set(streams[at], *head);
        if (const auto met = check_expected(operation->expected_at(at), *head); !met) {
            still_fails = true;
            conflict = with_context(met.error(), streams[at].to_string());
        }
    }
    if (!still_fails) {
        operation->is_guess_refused = true;
        lane_.push_front(operation);
        release(streams);
        co_return;
    }
    const auto repeat = co_await find_repeat(operation);
    if (repeat) {
        complete(operation, *repeat);
    } else if (repeat.error().code == Errc::not_found) {
        complete(operation, conflict);
    } else {
        complete(operation, repeat.error());
    }
    release(streams);
}

Task<void> Appender::resolve_duplicate(OperationPtr operation, std::uint64_t sequence)
{
    const StreamAppend& append = operation->request.appends.front();
    const std::vector<StreamName> streams{append.stream};
    Backoff backoff{{std::chrono::milliseconds{5}, std::chrono::milliseconds{250}}};
    while (!is_closed_ && clock_.monotonic() < operation->deadline) {
        const auto stored = co_await reader_.get(sequence);
        if (stored) {
            const auto event = decode_record(stored->record);
            const bool is_same = event.has_value() && event->stream == append.stream &&
                                 is_same_content(event->draft, append.drafts.front());
            if (is_same) {
                Appended appended;
                appended.is_repeat = true;
                appended.events.push_back(
                    {event->draft.id, event->stream, Position{sequence}, event->version});
                complete(operation, std::move(appended));
            } else {
                complete(operation,
                         Error{Errc::key_reuse, "the event id is in the log at position " +
                                                    std::to_string(sequence)});
            }
            release(streams);
            co_return;
        }
        boost::asio::steady_timer timer{home_}; // a replica may not have it yet
        timer.expires_after(backoff.next());
        co_await timer.async_wait(use_tuple);
    }
    operation->may_be_stored = true;
    operation->deadline = Monotonic{};
    static_cast<void>(is_expired(operation)); // completes it as of unknown outcome
    release(streams);
}

Task<void> Appender::resolve_batch_duplicate(OperationPtr operation)
{
    const auto streams = operation->streams();
    for (const StreamName& stream : streams) {
        heads_.forget(stream);
    }
    const auto repeat = co_await find_repeat(operation);
    if (repeat) {
        complete(operation, *repeat);
    } else if (repeat.error().code == Errc::not_found) {
        complete(operation,
                 Error{Errc::key_reuse, "an event id of the append is in the log already"});
    } else {
        complete(operation, repeat.error());
    }
    release(streams);
}

// Looks for all ids of the operation in its streams, as far back as the server remembers ids.
//   not_found   none is there
//   key_reuse   some are, or with other content
Task<Result<Appended>> Appender::find_repeat(OperationPtr operation)
{
    Appended appended;
    appended.is_repeat = true;
    std::size_t seen = 0;
    std::size_t different = 0;
    for (const StreamAppend& append : operation->request.appends) {
        const std::size_t first = appended.events.size();
        std::unordered_map<EventId, std::size_t> wanted; // to the place in drafts
        for (std::size_t at = 0; at < append.drafts.size(); ++at) {
            wanted.emplace(append.drafts[at].id, at);
        }
        appended.events.resize(first + append.drafts.size());
        const std::string subject = subject_of(options_.ledger, append.stream);
        const auto window = std::chrono::nanoseconds{options_.duplicate_window + clock_slack};
        const WallTime since{clock_.wall().nanoseconds - window.count()};
        auto page = co_await reader_.read_since(subject, since, repeat_page_events);
        while (page && !page->records.empty() && !wanted.empty()) {
            for (const StoredRecord& stored : page->records) {
                const auto event = decode_record(stored.record);
                const auto found = event ? wanted.find(event->draft.id) : wanted.end();
                if (found != wanted.end()) {
                    const Draft& draft = append.drafts[found->second];
                    different += is_same_content(draft, event->draft) ? 0U : 1U;
                    appended.events[first + found->second] = {event->draft.id, append.stream,
                                                              stored.position, event->version};
                    wanted.erase(found);
                    ++seen;
                }
            }
            const std::uint64_t next = page->records.back().position.next().value;
            page = co_await reader_.read(subject, next, repeat_page_events, 4 << 20);
        }
        if (!page) {
            co_return page.error();
        }
    }
    if (seen == 0) {
        co_return Error{Errc::not_found, {}};
    }
    if (seen != appended.events.size() || different != 0) {
        co_return Error{Errc::key_reuse, "an event id of the append is in the log already"};
    }
    co_return appended;
}

} // namespace sealstream::jetstream
