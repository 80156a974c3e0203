// The lane of the append path: what waits becomes atomic batches.

#include "jetstream/append_flight.hpp"

#include <algorithm>

namespace sealstream::jetstream {

// Takes the operation into the flight. False: it waits elsewhere by now, for a stream or for its
// heads; or, with `is_full`, it must come after this flight.
bool Appender::add_to(Flight& flight, const OperationPtr& operation, bool& is_full)
{
    const auto streams = operation->streams();
    std::vector<StreamName> unknown;
    std::vector<StreamHead> heads;
    bool is_shared = false; // with the flight: what it finds there depends on the flight's fate
    for (const StreamName& stream : streams) {
        const auto* const inside = flight.find(stream);
        if (inside == nullptr) {
            if (const auto busy = busy_.find(stream); busy != busy_.end()) {
                busy->second.waiting.push_back(operation);
                return false;
            }
        }
        is_shared = is_shared || inside != nullptr;
        const auto* const head = inside != nullptr ? &inside->head : heads_.find(stream);
        if (head == nullptr) {
            unknown.push_back(stream);
        } else {
            heads.push_back(*head);
        }
    }
    if (!unknown.empty()) {
        for (const StreamName& stream : unknown) {
            hold(stream);
        }
        spawn(refresh(operation, std::move(unknown)));
        return false;
    }
    const AppendRequest& request = operation->request;
    for (std::size_t at = 0; at < streams.size(); ++at) {
        const auto met = check_expected(operation->expected_at(at), heads[at]);
        if (met) {
            continue;
        }
        if (is_shared) {
            is_full = true;
            return false;
        }
        for (const StreamName& stream : streams) {
            hold(stream);
        }
        spawn(resolve_conflict(operation, with_context(met.error(), streams[at].to_string())));
        return false;
    }
    const std::size_t appends = request.appends.size();
    for (std::size_t at = 0; at < appends; ++at) {
        const StreamAppend& append = request.appends[at];
        flight.add(operation, append, heads[at], options_.chain.requires_chain(append.stream.type));
    }
    for (std::size_t at = 0; at < request.checks.size(); ++at) {
        flight.check(request.checks[at], heads[appends + at]);
    }
    flight.operations.push_back(operation);
    return true;
}

void Appender::pump_lane()
{
    if (std::exchange(is_pumping_, true)) {
        return;
    }
    while (!lane_.empty() && batches_in_flight_ < options_.batches_in_flight_max) {
        auto flight = std::make_shared<Flight>();
        bool is_full = false;
        while (!lane_.empty() && !is_full) {
            const OperationPtr next = lane_.front();
            const bool fits = flight->messages() + next->messages() <= options_.batch_events_max &&
                              flight->bytes < options_.batch_bytes_max;
            const bool must_wait = next->must_go_alone && !flight->operations.empty();
            if (!fits || must_wait) {
                break;
            }
            lane_.pop_front();
            if (is_expired(next)) {
                continue;
            }
            if (add_to(*flight, next, is_full)) {
                is_full = next->must_go_alone;
            } else if (is_full) {
                lane_.push_front(next);
            }
        }
        if (flight->operations.empty()) {
            break; // everything waits for something else
        }
        for (const auto& touched : flight->touched) {
            hold(touched.stream);
        }
        ++batches_in_flight_;
        send(flight);
    }
    is_pumping_ = false;
}

} // namespace sealstream::jetstream
