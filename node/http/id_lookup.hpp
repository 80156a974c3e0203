#pragma once

// Where clients' ids are in the log, for ever: asked of the index before an append, so that a
// repeat from long ago is recognised. The log itself knows the ids of a while; together they leave
// no gap, by the rule in core/event/idempotency_rule.hpp. Look-ups that come at the same time share
// one SQL statement.
//
// When the index lags too far for the log's memory, the node reads the ids above it from the log
// itself, up to tail_events_max of them; beyond that it refuses. Runs on the I/O thread.

#include "core/async/task_group.hpp"
#include "core/event/idempotency_rule.hpp"
#include "core/ports/event_log.hpp"
#include "core/ports/idempotency_index.hpp"
#include "node/http/options.hpp"

#include <deque>
#include <optional>
#include <unordered_map>

namespace sealstream::http {

class IdLookup {
public:
    using Places = std::unordered_map<EventId, Position>;

    // Without an index (null) only the log's own memory is left; say so to clients.
    IdLookup(EventLog& log, IdempotencyIndex* index, const Clock& clock, TaskGroup& tasks,
             boost::asio::any_io_executor executor, IdLookupOptions options = {});

    struct Outcome {
        Places places;                          // of those that are in the log
        Monotonic send_until{Monotonic::max()}; // the others may be sent until then
    };

    //   projection_behind   the index lags further than the log remembers: lag() says how far
    //   unavailable         the index or the log does not answer
    //   overloaded          too many look-ups wait
    [[nodiscard]] Task<Result<Outcome>> look_up(std::vector<EventId> ids);

    // Where the ids are that are in the log now, whether the log itself would still know them or
    // not: nothing is missing. Costs a look at the log, so it is for what is about to be refused.
    // Without an index, a log that forgets ids finds nothing.
    //   as look_up()
    [[nodiscard]] Task<Result<Places>> find_all(std::vector<EventId> ids);

    // How far the index was behind when a look-up was last refused for it.
    struct Lag {
        Position reached;
        Position head;
        std::chrono::nanoseconds age{0}; // of the oldest event that is not indexed
    };
    [[nodiscard]] const Lag& lag() const noexcept { return lag_; }

    [[nodiscard]] const IdLookupOptions& options() const noexcept { return options_; }

    // Whether repeats are recognised however old they are.
    [[nodiscard]] bool is_for_ever() const { return index_ != nullptr || !log_.forgets_ids(); }

private:
    // Look-ups that share a statement.
    struct Batch;
    using BatchPtr = std::shared_ptr<Batch>;

    // What is not found is absent for a while by the log's own memory, or is not in the log.
    enum class Proof : std::uint8_t { for_a_while, of_everything };
    struct Line {
        Proof proof;
        std::size_t statements_max;
        std::deque<BatchPtr> waiting; // not asked yet
        std::size_t asking;
    };

    [[nodiscard]] Task<Result<Outcome>> share(Line& line, std::vector<EventId> ids);
    [[nodiscard]] Task<void> ask_waiting(Line& line);
    [[nodiscard]] Task<Result<Outcome>> ask(std::vector<EventId> ids, Proof proof);
    [[nodiscard]] std::optional<Monotonic>
    still_known(const IdempotencyIndex::Answer& answer) const;
    [[nodiscard]] Task<Result<Outcome>> prove(std::vector<EventId> ids,
                                              IdempotencyIndex::Answer answer, Proof proof);
    [[nodiscard]] Task<Result<Outcome>> prove_alone(std::vector<EventId> ids,
                                                    IdempotencyIndex::Answer answer, Proof proof);
    [[nodiscard]] Task<Result<void>> read_clock();
    [[nodiscard]] Task<Result<WallTime>> oldest_above(Position reached);
    [[nodiscard]] Task<Result<void>> extend_tail(Position reached, Position head);

    EventLog& log_;
    IdempotencyIndex* index_;
    const Clock& clock_;
    TaskGroup& tasks_;
    IdLookupOptions options_;

    Line recent_;
    Line everything_;
    std::size_t waiting_ids_{0}; // of both

    struct Known {
        ClockReading reading;
        LogMoment moment;
    };
    std::optional<Known> known_;

    // Everything above `position` came at or after `since`.
    struct Mark {
        Position position;
        WallTime since;
    };
    std::optional<Mark> mark_;

    // The ids of (from, to] of the log, while the index is far behind.
    struct Tail {
        Position from;
        Position to;
        Places ids;
    };
    Tail tail_;
    bool is_proving_{false}; // one at a time: they share the tail
    Notifier proven_;
    Lag lag_;
};

} // namespace sealstream::http
