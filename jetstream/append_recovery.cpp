// The second half of the append path: what happens when an append does not simply succeed.

#include "core/async/backoff.hpp"
#include "core/base/log.hpp"
#include "jetstream/append_flight.hpp"
#include "jetstream/stream_admin.hpp"
#include "jetstream/subject.hpp"

#include <boost/asio/steady_timer.hpp>

namespace sealstream::jetstream {

namespace {

constexpr std::chrono::milliseconds connection_wait{200};
constexpr std::chrono::milliseconds doubt_interval{20};  // until a permit is asked for again
constexpr std::chrono::milliseconds election_pause{300}; // for a new leader to catch up

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
    std::deque<OperationPtr> again{flight->operations.begin(), flight->operations.end()};
    for (const auto& touched : flight->touched) {
        const auto busy = busy_.find(touched.stream);
        if (busy != busy_.end()) {
            std::move(busy->second.waiting.begin(), busy->second.waiting.end(),
                      std::back_inserter(again));
            busy_.erase(busy);
        }
    }
    if (may_take_turns(again)) {
        for (const OperationPtr& operation : again) {
            submit(operation);
        }
    } else {
        lane_.insert(lane_.begin(), again.begin(), again.end());
    }
    release({});
}

Reading Appender::reading_until(Monotonic deadline) const
{
    return {reader_, clock_, home_, deadline, options_.replicas > 1};
}

// The newest event of `stream`; asks again, with pauses, as long as the operation may wait. What it
// finds is remembered.
Task<Result<NewestEvent>> Appender::look_at(OperationPtr operation, StreamName stream)
{
    ++head_reads_;
    const auto reading = reading_until(operation->deadline);
    auto newest = co_await read_newest_patiently(reading, options_.ledger, stream);
    if (newest) {
        heads_.set(stream, newest->head);
    } else {
        heads_.forget(stream);
        operation->last_trouble = describe(newest.error());
    }
    co_return newest;
}

// Reads the heads of `streams` (held by us), then lets the operation try again.
Task<void> Appender::refresh(OperationPtr operation, std::vector<StreamName> streams)
{
    for (const StreamName& stream : streams) {
        const auto newest = co_await look_at(operation, stream);
        if (!newest && newest.error().code == Errc::corrupt) {
            complete(operation, newest.error());
            release(streams);
            co_return;
        }
    }
    lane_.push_front(operation);
    release(streams);
}

Task<Result<StreamHead>> Appender::head_of(StreamName stream)
{
    // Other nodes append too: only the server knows.
    const auto reading = reading_until(Monotonic{});
    const auto newest = co_await read_newest(reading, options_.ledger, std::move(stream));
    if (!newest) {
        co_return newest.error();
    }
    co_return newest->head;
}

// The condition fails against a remembered head: against the real one too? And if so, was it our
// own earlier try that moved the stream on?
Task<void> Appender::resolve_conflict(OperationPtr operation, Error conflict)
{
    const auto streams = operation->streams();
    std::vector<NewestEvent> newest(streams.size());
    bool still_fails = false;
    bool is_doubtful = false;
    for (std::size_t at = 0; at < streams.size(); ++at) {
        const auto found = co_await look_at(operation, streams[at]);
        if (!found) {
            still_fails = false;
            break; // look again with the next try
        }
        newest[at] = *found;
        if (const auto met = check_expected(operation->expected_at(at), found->head); !met) {
            still_fails = true;
            is_doubtful = expects_more(operation->expected_at(at), found->head);
            conflict = with_context(met.error(), streams[at].to_string());
        }
    }
    if (still_fails && is_doubtful && options_.replicas > 1 && !operation->is_head_sure) {
        co_await ask_for_quorum(operation);
        still_fails = false;
    }
    if (!still_fails) {
        operation->is_guess_refused = true;
        lane_.push_front(operation);
        release(streams);
        co_return;
    }
    auto repeat = co_await search(operation, std::move(newest));
    complete(operation,
             answer_to_conflict(std::move(repeat), std::move(conflict), operation->may_be_stored));
    release(streams);
}

// A leader that was cut off, or has just been elected, may know less of a stream than the caller.
Task<void> Appender::ask_for_quorum(OperationPtr operation)
{
    boost::asio::steady_timer timer{home_};
    timer.expires_after(election_pause);
    co_await timer.async_wait(use_tuple);
    const auto state =
        co_await stream_state(connection_, log_name(options_.ledger), options_.request_timeout);
    operation->is_head_sure = state.has_value();
    if (!state) {
        operation->last_trouble = describe(state.error());
    }
}

Task<Result<Appended>> Appender::search(OperationPtr operation, std::vector<NewestEvent> newest)
{
    const auto reading = reading_until(operation->deadline);
    co_return co_await find_repeat(reading, options_.ledger, operation->request, std::move(newest),
                                   options_.duplicate_window);
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
    std::vector<NewestEvent> newest;
    Result<Appended> repeat = Error{Errc::unavailable, {}};
    for (const StreamName& stream : streams) {
        const auto found = co_await look_at(operation, stream);
        if (!found) {
            repeat = found.error();
            break;
        }
        newest.push_back(*found);
    }
    if (newest.size() == streams.size()) {
        repeat = co_await search(operation, std::move(newest));
    }
    complete(operation, answer_to_duplicate(std::move(repeat)));
    release(streams);
}

} // namespace sealstream::jetstream
