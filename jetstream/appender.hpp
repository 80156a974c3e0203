#pragma once

// The append path of one node: many callers, one log.
//
// Every record carries its version, so every append is conditional on its stream's head, which the
// node remembers. Appends to one stream therefore go one after the other; where many wait for each
// other they are sent together as one atomic batch. On a server that syncs every write, all waiting
// appends share batches (group commit). SyncPace knows when either is faster than single publishes.
// When a batch fails its members are tried again, alone where one of them is at fault; nothing is
// ever sent with new ids.
//
// Invariants
//   1. A stream that is busy_ has exactly one flight, refresh or retry; others wait in order.
//   2. heads_ holds only what the server has confirmed; any doubt forgets it.
//   3. Every operation is completed exactly once.
//   4. Nothing is sent that the caller's permit does not cover at that moment (Permit).
// Runs on the I/O thread. `owner` keeps everything alive that running work needs.

#include "core/ports/event_log.hpp"
#include "jetstream/direct_reader.hpp"
#include "jetstream/publisher.hpp"
#include "jetstream/repeat_search.hpp"
#include "jetstream/stream_heads.hpp"
#include "jetstream/sync_pace.hpp"

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <set>

namespace sealstream::jetstream {

class Appender {
public:
    Appender(Publisher& plain, Publisher& gathered, Connection& connection, DirectReader& reader,
             const EventLogOptions& options, const Clock& clock, boost::asio::any_io_executor home);

    void set_owner(std::weak_ptr<void> owner) { owner_ = std::move(owner); }

    [[nodiscard]] Task<Result<Appended>> append(AppendRequest request);

    [[nodiscard]] Position newest() const noexcept
    {
        return newest_;
    } // of our own acknowledged appends
    [[nodiscard]] std::uint64_t flights() const noexcept { return flights_; }       // sent, ever
    [[nodiscard]] std::uint64_t head_reads() const noexcept { return head_reads_; } // for appends
    [[nodiscard]] Task<Result<StreamHead>> head_of(StreamName stream);
    void forget_heads() { heads_.forget_all(); }
    void set_synced(bool is_synced) { options_.is_synced = is_synced; }
    void close();

private:
    struct Operation;
    struct Flight;
    using OperationPtr = std::shared_ptr<Operation>;
    using FlightPtr = std::shared_ptr<Flight>;
    struct Busy {
        std::deque<OperationPtr> waiting;
    };

    void submit(const OperationPtr& operation);
    void send_plain(const OperationPtr& operation);
    [[nodiscard]] bool goes_plainly(const Operation& operation) const;
    [[nodiscard]] bool may_take_turns(const std::deque<OperationPtr>& waiting) const;
    void pump_lane();
    void leave_lane();
    [[nodiscard]] bool must_gather();
    void take_from_lane(const FlightPtr& flight);
    void end_batch(const FlightPtr& flight);
    [[nodiscard]] bool add_to(Flight& flight, const OperationPtr& operation, bool& is_full);
    void send(const FlightPtr& flight);
    void on_ack(const FlightPtr& flight, const Ack& ack);
    void complete_stored(const FlightPtr& flight, const Ack& ack);
    void fail_all(const FlightPtr& flight, const Error& error);
    void fail_or_part(const FlightPtr& flight, const Error& error);
    void retry_alone(const FlightPtr& flight);
    void complete(const OperationPtr& operation, Result<Appended> outcome);
    [[nodiscard]] bool is_expired(const OperationPtr& operation);
    [[nodiscard]] bool may_go(const OperationPtr& operation);
    void doubt(const OperationPtr& operation);

    void hold(const StreamName& stream) { busy_.try_emplace(stream); }
    void release(const std::vector<StreamName>& streams);

    void spawn(Task<void> task);
    [[nodiscard]] Task<void> retry_later(FlightPtr flight, std::chrono::milliseconds wait);
    [[nodiscard]] Task<void> refresh(OperationPtr operation, std::vector<StreamName> streams);
    [[nodiscard]] Task<void> resolve_conflict(OperationPtr operation, Error conflict);
    [[nodiscard]] Task<void> ask_for_quorum(OperationPtr operation);
    [[nodiscard]] Task<void> resolve_duplicate(OperationPtr operation, std::uint64_t sequence);
    [[nodiscard]] Task<void> resolve_batch_duplicate(OperationPtr operation);
    [[nodiscard]] Task<Result<Appended>> search(OperationPtr operation,
                                                std::vector<NewestEvent> newest);
    [[nodiscard]] Task<Result<NewestEvent>> look_at(OperationPtr operation, StreamName stream);
    [[nodiscard]] Reading reading_until(Monotonic deadline) const;

    Publisher& plain_;
    Publisher& gathered_;
    Connection& connection_;
    DirectReader& reader_;
    EventLogOptions options_;
    const Clock& clock_;
    boost::asio::any_io_executor home_;
    std::weak_ptr<void> owner_;

    StreamHeads heads_;
    std::unordered_map<StreamName, Busy> busy_;
    std::deque<OperationPtr> lane_;          // wait for room in an atomic batch
    std::deque<OperationPtr> plain_backlog_; // wait for a free slot
    std::deque<OperationPtr> doubtful_;      // wait until their permit is known to hold, or not
    boost::asio::steady_timer doubt_timer_;
    std::set<OperationPtr> open_; // for close()
    std::size_t batches_in_flight_{0};
    SyncPace pace_;
    std::size_t expected_{0}; // operations that may share the next batch
    Monotonic gather_until_{};
    boost::asio::steady_timer gather_timer_;
    bool is_gathering_{false};
    std::size_t queued_events_{0};
    std::size_t queued_bytes_{0};
    std::uint64_t flights_{0};
    std::uint64_t head_reads_{0};
    Position newest_{};
    bool is_closed_{false};
    bool is_pumping_{false};
};

} // namespace sealstream::jetstream
