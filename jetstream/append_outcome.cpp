// The middle of the append path: what each answer of the server means for the appends of a flight.

#include "core/async/backoff.hpp"
#include "core/base/log.hpp"
#include "jetstream/append_flight.hpp"

#include <algorithm>

namespace sealstream::jetstream {

void Appender::on_ack(const FlightPtr& flight, const Ack& ack)
{
    for (const OperationPtr& operation : flight->operations) {
        operation->last_trouble = ack.text;
        ++operation->tries;
    }
    const auto delay = Backoff{{std::chrono::milliseconds{2}, std::chrono::milliseconds{250}},
                               flight->operations.front()->tries}
                           .after(flight->operations.front()->tries);
    switch (ack.kind) {
    case Ack::Kind::stored:
        if (flight->is_plain) {
            pace_.answered(flight->sent, clock_.monotonic(), plain_.in_flight());
        } else {
            end_batch(flight);
        }
        complete_stored(flight, ack);
        return;
    case Ack::Kind::duplicate:
        heads_.forget(flight->touched.front().stream);
        spawn(resolve_duplicate(flight->operations.front(), ack.sequence));
        flight->finish(batches_in_flight_);
        return;
    case Ack::Kind::batch_duplicate:
        if (flight->operations.size() == 1) {
            spawn(resolve_batch_duplicate(flight->operations.front()));
            flight->finish(batches_in_flight_);
            return;
        }
        retry_alone(flight); // one of them is the repeat
        return;
    case Ack::Kind::wrong_sequence:
        for (const OperationPtr& operation : flight->operations) {
            operation->is_guess_refused = true;
        }
        spawn(retry_later(flight, std::chrono::milliseconds{0}));
        return;
    case Ack::Kind::lost:
        for (const OperationPtr& operation : flight->operations) {
            operation->may_be_stored = true;
        }
        spawn(retry_later(flight, delay));
        return;
    case Ack::Kind::undecided:
    case Ack::Kind::transient:
        spawn(retry_later(flight, delay));
        return;
    case Ack::Kind::full:
        fail_all(flight, Error{Errc::capacity, "the log refuses: " + ack.text});
        return;
    case Ack::Kind::too_large:
        fail_or_part(flight, Error{Errc::too_large, "an event is larger than the server takes"});
        return;
    case Ack::Kind::fault:
        if (flight->operations.size() == 1) {
            log(Level::error, "append.refused_by_server", "jetstream",
                {{"err_code", ack.err_code}, {"text", ack.text}});
        }
        fail_or_part(flight, Error{Errc::internal, "the log refuses: " + ack.text});
        return;
    }
}

void Appender::complete_stored(const FlightPtr& flight, const Ack& ack)
{
    const std::uint64_t count = flight->items.size();
    if (!flight->is_plain && count > 1 && ack.count != count) {
        log(Level::error, "append.batch_count_differs", "jetstream",
            {{"sent", count}, {"stored", ack.count}});
        fail_all(flight, Error{Errc::corrupt, "the server stored another number of events"});
        return;
    }
    const std::uint64_t first = ack.sequence - count + 1;
    std::size_t at = 0;
    std::unordered_map<const Operation*, Appended> outcomes;
    for (const Flight::Item& item : flight->items) {
        const Position position{first + at++};
        if (item.operation == nullptr) {
            continue; // a carrier: nobody asked for it
        }
        outcomes[item.operation].events.push_back(
            {item.event.draft.id, item.event.stream, position, item.event.version});
        if (auto* const touched = flight->find(item.event.stream)) {
            touched->head.position = position;
        }
    }
    for (const auto& touched : flight->touched) {
        heads_.set(touched.stream, touched.head);
    }
    newest_ = std::max(newest_, Position{ack.sequence});
    for (const OperationPtr& operation : flight->operations) {
        complete(operation, std::move(outcomes[operation.get()]));
    }
    flight->finish(batches_in_flight_);
    release(flight->streams());
}

// One member of a batch is at fault: each is tried by itself, so that the others do not suffer.
void Appender::retry_alone(const FlightPtr& flight)
{
    for (const OperationPtr& operation : flight->operations) {
        operation->must_go_alone = true;
    }
    spawn(retry_later(flight, std::chrono::milliseconds{0}));
}

void Appender::fail_or_part(const FlightPtr& flight, const Error& error)
{
    if (flight->operations.size() == 1) {
        fail_all(flight, error);
    } else {
        retry_alone(flight);
    }
}

void Appender::fail_all(const FlightPtr& flight, const Error& error)
{
    for (const auto& touched : flight->touched) {
        heads_.forget(touched.stream);
    }
    for (const OperationPtr& operation : flight->operations) {
        if (operation->may_be_stored) { // by an earlier try, whatever became of this one
            complete(operation, Error{Errc::outcome_unknown, describe(error)});
        } else {
            complete(operation, error);
        }
    }
    flight->finish(batches_in_flight_);
    release(flight->streams());
}

} // namespace sealstream::jetstream
