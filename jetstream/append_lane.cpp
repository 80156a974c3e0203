// The lane of the append path: what waits becomes atomic batches.

#include "jetstream/append_flight.hpp"

#include <algorithm>

namespace sealstream::jetstream {

namespace {

// A batch takes longer than single publishes, so another node's overtake it, again and again.
constexpr unsigned losses_max = 4;

} // namespace

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

// Whether single publishes store them sooner than a batch, although some wait for others.
bool Appender::may_take_turns(const std::deque<OperationPtr>& waiting) const
{
    if (waiting.size() > options_.group_events_min) {
        return false; // looking at all of them after each answer would cost more than it saves
    }
    std::unordered_map<StreamName, std::size_t> counts;
    std::size_t most = 0;
    bool has_lost = false;
    for (const OperationPtr& operation : waiting) {
        if (operation->messages() != 1 || operation->must_go_alone) {
            return false;
        }
        most = std::max(most, ++counts[operation->request.appends.front().stream]);
        has_lost = has_lost || operation->tries >= losses_max;
    }
    return most == 1 || has_lost || pace_.prefers_turns(most, plain_.in_flight() + waiting.size());
}

// Those whom a batch has served come again together, and would share batches for ever.
void Appender::leave_lane()
{
    const std::size_t together = lane_.size() + plain_.in_flight();
    if (!options_.is_synced || lane_.empty() || batches_in_flight_ > 0 ||
        together > options_.group_events_min || pace_.prefers_batch(together) ||
        !may_take_turns(lane_)) {
        return;
    }
    for (const OperationPtr& operation : std::exchange(lane_, {})) {
        submit(operation);
    }
}

void Appender::pump_lane()
{
    if (std::exchange(is_pumping_, true)) {
        return;
    }
    leave_lane();
    // One replica makes one batch after the other: a second in flight only makes both smaller.
    const std::size_t in_flight_max = options_.replicas > 1 ? options_.batches_in_flight_max : 1;
    while (!lane_.empty() && batches_in_flight_ < in_flight_max && !must_gather()) {
        auto flight = std::make_shared<Flight>();
        take_from_lane(flight);
        if (flight->operations.empty()) {
            break; // everything waits for something else
        }
        for (const auto& touched : flight->touched) {
            hold(touched.stream);
        }
        ++batches_in_flight_;
        flight->sent = clock_.monotonic();
        send(flight);
    }
    is_pumping_ = false;
}

void Appender::take_from_lane(const FlightPtr& flight)
{
    bool must_end = false;
    while (!lane_.empty() && !must_end) {
        const OperationPtr next = lane_.front();
        const bool fits = flight->messages() + next->messages() <= options_.batch_events_max &&
                          flight->bytes < options_.batch_bytes_max;
        const bool must_wait = next->must_go_alone && !flight->operations.empty();
        if (!fits || must_wait) {
            flight->is_full = true;
            return;
        }
        lane_.pop_front();
        if (!may_go(next)) {
            continue;
        }
        if (add_to(*flight, next, must_end)) {
            must_end = next->must_go_alone;
        } else if (must_end) {
            lane_.push_front(next);
        }
    }
    flight->is_full = must_end;
}

// The callers that a batch has served mostly come again at once, and how long a batch takes hardly
// depends on what is in it. So the next one waits a moment for as many as shared the last.
bool Appender::must_gather()
{
    if (options_.is_synced && plain_.in_flight() > 0) {
        return true; // the server is busy with those, and their answers pump the lane
    }
    const Monotonic now = clock_.monotonic();
    if (lane_.size() >= expected_ || now >= gather_until_) {
        return false;
    }
    if (!std::exchange(is_gathering_, true)) {
        gather_timer_.expires_after(gather_until_ - now);
        gather_timer_.async_wait([this, keep = owner_.lock()](boost::system::error_code) {
            is_gathering_ = false;
            pump_lane();
        });
    }
    return true;
}

void Appender::end_batch(const FlightPtr& flight)
{
    const Monotonic now = clock_.monotonic();
    if (flight->items.size() > 1) {
        pace_.batch_answered(flight->sent, now);
    }
    // What was full needs no company.
    expected_ = flight->is_full ? 0 : flight->operations.size() + lane_.size();
    gather_until_ = now + pace_.patience();
}

} // namespace sealstream::jetstream
