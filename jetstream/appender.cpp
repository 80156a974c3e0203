#include "jetstream/appender.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "core/event/append_size.hpp"
#include "core/event/idempotency_rule.hpp"
#include "jetstream/append_flight.hpp"
#include "jetstream/subject.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace sealstream::jetstream {

Appender::Appender(Publisher& plain, Publisher& gathered, Connection& connection,
                   DirectReader& reader, const EventLogOptions& options, const Clock& clock,
                   boost::asio::any_io_executor home)
    : plain_{plain},
      gathered_{gathered},
      connection_{connection},
      reader_{reader},
      options_{options},
      clock_{clock},
      home_{std::move(home)},
      heads_{options.known_streams_max},
      doubt_timer_{home_},
      gather_timer_{home_}
{
}

Task<Result<Appended>> Appender::append(AppendRequest request)
{
    SEAL_CO_TRY_VOID(check_request(request, append_events_max));
    const std::size_t events = request.events();
    if (is_closed_) {
        co_return Error{Errc::shutting_down, {}};
    }
    if (queued_events_ + events > options_.queue_events_max) {
        co_return Error{Errc::overloaded, "too many events wait for the log"};
    }
    const std::size_t bytes = bytes_of(request);
    if (queued_bytes_ != 0 && queued_bytes_ + bytes > options_.queue_bytes_max) {
        co_return Error{Errc::overloaded, "the events that wait for the log are too large"};
    }
    auto operation = std::make_shared<Operation>();
    operation->request = std::move(request);
    operation->events = events;
    operation->bytes = bytes;
    operation->deadline = clock_.monotonic() + options_.append_timeout;
    operation->send_until = operation->request.send_until;
    queued_events_ += events;
    queued_bytes_ += bytes;
    open_.insert(operation);
    auto initiate = [](auto handler, Appender* self, OperationPtr started) {
        // Shared only because std::function copies; called once. (any_completion_handler of
        // Boost 1.81 recurses for ever when it is moved into.)
        auto kept = std::make_shared<decltype(handler)>(std::move(handler));
        started->on_done = [kept = std::move(kept)](Result<Appended> outcome) {
            std::move (*kept)(std::move(outcome));
        };
        self->submit(started);
    };
    co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                                   void(Result<Appended>)>(
        std::move(initiate), boost::asio::use_awaitable, this, std::move(operation));
}

void Appender::complete(const OperationPtr& operation, Result<Appended> outcome)
{
    if (open_.erase(operation) == 0) {
        return; // close() was first
    }
    queued_events_ -= operation->events;
    queued_bytes_ -= operation->bytes;
    auto resume = [handler = std::move(operation->on_done),
                   outcome = std::move(outcome)]() mutable { handler(std::move(outcome)); };
    boost::asio::post(home_, std::move(resume)); // never from within our own loops
}

bool Appender::is_expired(const OperationPtr& operation)
{
    if (is_closed_) {
        complete(operation, Error{Errc::shutting_down, {}});
        return true;
    }
    const Monotonic now = clock_.monotonic();
    if (now < operation->deadline && now < operation->send_until) {
        return false;
    }
    if (!operation->may_be_stored && now >= operation->send_until) {
        complete(operation, Error{Errc::timed_out, "not sent before its look-up was too old"});
        return true;
    }
    if (operation->may_be_stored) {
        complete(operation, Error{Errc::outcome_unknown,
                                  "the log's answer was lost: " + operation->last_trouble});
    } else {
        complete(operation, Error{Errc::unavailable, operation->last_trouble.empty()
                                                         ? "the log takes no events now"
                                                         : operation->last_trouble});
    }
    return true;
}

void Appender::submit(const OperationPtr& operation)
{
    if (!may_go(operation)) {
        return;
    }
    for (const StreamName& stream : operation->streams()) {
        const auto busy = busy_.find(stream);
        if (busy != busy_.end()) {
            busy->second.waiting.push_back(operation);
            return;
        }
    }
    if (goes_plainly(*operation)) {
        send_plain(operation);
        return;
    }
    lane_.push_back(operation);
    pump_lane();
}

bool Appender::goes_plainly(const Operation& operation) const
{
    if (operation.messages() != 1) {
        return false;
    }
    if (!options_.is_synced) {
        return true;
    }
    const Monotonic now = clock_.monotonic();
    const std::size_t together = plain_.in_flight() + 1;
    if (!lane_.empty() || batches_in_flight_ > 0) {
        return false;
    }
    if (pace_.is_stale(now) && together <= SyncPace::probes_max) {
        return true;
    }
    const std::size_t company = now < gather_until_ ? std::max(together, expected_) : together;
    return together <= options_.group_events_min && !pace_.prefers_batch(company);
}

void Appender::release(const std::vector<StreamName>& streams)
{
    std::deque<OperationPtr> ready;
    for (const StreamName& stream : streams) {
        const auto busy = busy_.find(stream);
        if (busy != busy_.end()) {
            std::move(busy->second.waiting.begin(), busy->second.waiting.end(),
                      std::back_inserter(ready));
            busy_.erase(busy);
        }
    }
    if (ready.size() == 1 || may_take_turns(ready)) {
        for (const OperationPtr& operation : ready) {
            submit(operation);
        }
    } else {
        // They waited for the same stream: together they make one batch.
        std::copy(ready.begin(), ready.end(), std::back_inserter(lane_));
    }
    while (!plain_backlog_.empty() && plain_.in_flight() < options_.plain_in_flight_max) {
        const auto next = std::move(plain_backlog_.front());
        plain_backlog_.pop_front();
        submit(next);
    }
    pump_lane();
}

void Appender::send_plain(const OperationPtr& operation)
{
    if (plain_.in_flight() >= options_.plain_in_flight_max) {
        plain_backlog_.push_back(operation);
        return;
    }
    const StreamAppend& append = operation->request.appends.front();
    const StreamHead* known = heads_.find(append.stream);
    StreamHead head;
    if (known != nullptr) {
        head = *known;
    } else if (operation->is_guess_refused || append.expected.kind == Expected::Kind::present ||
               append.expected.kind == Expected::Kind::version) {
        hold(append.stream);
        spawn(refresh(operation, operation->streams()));
        return;
    }
    // An unknown stream is taken for a new one: right for most, and the condition catches the rest.
    if (const auto met = check_expected(append.expected, head); !met) {
        hold(append.stream);
        spawn(resolve_conflict(operation, met.error()));
        return;
    }
    auto flight = std::make_shared<Flight>();
    flight->is_plain = true;
    flight->add(operation, append, head, options_.chain.requires_chain(append.stream.type));
    flight->operations.push_back(operation);
    flight->sent = clock_.monotonic();
    hold(append.stream);
    send(flight);
}

void Appender::send(const FlightPtr& flight)
{
    const auto& record_codec = codec(options_.codec);
    const auto conditions = flight->place_conditions(options_.chain);
    struct Texts { // what headers and payloads point into
        Bytes record;
        std::string id;
        std::string expected;
        std::string subject;
    };
    std::vector<Texts> texts(flight->items.size());
    std::vector<Publisher::Outgoing> messages;
    messages.reserve(flight->items.size());
    for (std::size_t at = 0; at < flight->items.size(); ++at) {
        const Event& event = flight->items[at].event;
        Texts& text = texts[at];
        text.record = record_codec.encode(event);
        text.id = event.draft.id.to_string();
        Publisher::Outgoing message;
        message.subject = subject_of(options_.ledger, event.stream);
        message.headers.push_back({"Nats-Msg-Id", text.id.c_str()});
        if (const Flight::Touched* const condition = conditions[at]; condition != nullptr) {
            text.expected = std::to_string(condition->expected.value);
            message.headers.push_back(
                {"Nats-Expected-Last-Subject-Sequence", text.expected.c_str()});
            if (condition->stream != event.stream) {
                text.subject = subject_of(options_.ledger, condition->stream);
                message.headers.push_back(
                    {"Nats-Expected-Last-Subject-Sequence-Subject", text.subject.c_str()});
            }
        }
        message.payload = as_text(text.record);
        messages.push_back(std::move(message));
    }
    ++flights_;
    // What has been sent once may be sent again only while the server surely knows its ids.
    const Monotonic known_until =
        clock_.monotonic() + trusted_part(std::chrono::nanoseconds{options_.duplicate_window});
    for (const OperationPtr& operation : flight->operations) {
        operation->send_until = std::min(operation->send_until, known_until);
    }
    auto on_answer = [this, flight](const Ack& ack) { on_ack(flight, ack); };
    const auto sent = messages.size() == 1
                          ? plain_.publish(messages.front(), std::move(on_answer))
                          : gathered_.publish_batch(messages, std::move(on_answer));
    if (!sent) {
        for (const OperationPtr& operation : flight->operations) {
            operation->last_trouble = describe(sent.error());
        }
        if (sent.error().code == Errc::too_large) {
            boost::asio::post(home_, [this, flight, error = sent.error(), keep = owner_.lock()] {
                fail_or_part(flight, error);
            });
            return;
        }
        spawn(retry_later(flight, std::chrono::milliseconds{5}));
    }
}

void Appender::spawn(Task<void> task)
{
    auto on_done = [keep = owner_.lock()](const std::exception_ptr& thrown) {
        SEAL_CHECK(!thrown, "the append path never throws");
    };
    boost::asio::co_spawn(home_, std::move(task), std::move(on_done));
}

void Appender::close()
{
    is_closed_ = true;
    doubt_timer_.cancel();
    gather_timer_.cancel();
    const auto waiting = open_;
    for (const OperationPtr& operation : waiting) {
        complete(operation, operation->may_be_stored
                                ? Error{Errc::outcome_unknown, "closed before the log answered"}
                                : Error{Errc::shutting_down, {}});
    }
}

} // namespace sealstream::jetstream
