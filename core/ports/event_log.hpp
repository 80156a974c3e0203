#pragma once

// The log of one ledger: the one source of truth, an append-only sequence of records without gaps.
//
// Executor    Calls start and complete on the node's I/O thread.
// Durability  A successful append() is held as durability() says before it completes.
// Order       Positions count 1, 2, 3 … in the order in which every reader sees them; nothing is
// ever
//             inserted before what a reader has seen.
// Shutdown    After close(), pending and later calls complete with Errc::shutting_down.

#include "core/event/append_plan.hpp"
#include "core/ports/feed.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace sealstream {

// In one atomic append: events, and streams written or checked.
inline constexpr std::size_t append_events_max = 1000;

// Where an appended event has gone.
struct Placed {
    EventId id;
    StreamName stream;
    Position position;
    Version version;
};

struct Appended {
    std::vector<Placed> events; // in the order of the request
    bool is_repeat{false};      // all were there already; these are their original places
};

// What an acknowledged append has survived, as read back from the server.
struct Durability {
    std::string name; // "memory", "jetstream-r1-lazy", "jetstream-r3-synced", "postgres-synced" …
    int replicas{1};
    bool is_synced{false}; // written through to disk before the acknowledgement

    // How it is known: the server says so, or only our settings do. With the server's word also how
    // long it waits between two syncs.
    bool is_confirmed{false};
    std::chrono::nanoseconds sync_interval{0};
};

struct ReadLimits {
    std::size_t events_max{1000};
    std::size_t bytes_max{4 << 20}; // at least one record is returned whatever its size
};

// Where a log that forgets ids stood at one moment.
struct LogMoment {
    Position head;
    WallTime now;                       // by the clock that stamps events
    std::chrono::nanoseconds id_window; // how long it recognises an id after the event came
};

class EventLog {
public:
    virtual ~EventLog() = default;

    // Appends all drafts of all streams, or none; only if every condition, of streams written and
    // of streams only checked, holds at that moment. 1 to append_events_max drafts, and as many
    // streams at most. An id that is in the log already makes the call a repeat, when all of it is
    // there; then conditions no longer matter.
    //
    //   conflict         a stream does not meet its condition: read it, decide again
    //   key_reuse        an id is in the log with other content
    //   outcome_unknown  it may be in the log: repeat the very same call
    //   timed_out        it was not sent before send_until: look the ids up again
    //   overloaded       nothing was sent: wait, then repeat
    //   unavailable      the server is away and nothing was sent, or it has no quorum
    //   capacity         the log is full: nothing was written
    //   too_large        will never succeed
    [[nodiscard]] virtual boost::asio::awaitable<Result<Appended>>
    append(AppendRequest request) = 0;

    // Records that match, with a position above `after`, ascending; empty when none is left.
    // Without a filter they follow each other. Sees what append() has acknowledged and head() has
    // told to this object.
    //   corrupt     the log has a hole
    //   malformed   LogFilter::check(); a feed says it, too
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<StoredRecord>>>
    read_from(Position after, ReadLimits limits, LogFilter filter) = 0;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<StoredRecord>>>
    read_from(Position after, ReadLimits limits)
    {
        return read_from(after, limits, LogFilter{});
    }

    // Events of one stream with a version above `after`, ascending; empty when there are none.
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<StoredRecord>>>
    read_stream(StreamName stream, Version after, ReadLimits limits) = 0;

    // The newest event of a stream; version 0 when the stream has none.
    [[nodiscard]] virtual boost::asio::awaitable<Result<StreamHead>>
    stream_head(StreamName stream) = 0;

    // A subscription from just above `after` to what matches: catches up, then follows, as one
    // sequence without gap or double.
    [[nodiscard]] virtual std::unique_ptr<Feed> subscribe_from(Position after,
                                                               LogFilter filter) = 0;
    [[nodiscard]] std::unique_ptr<Feed> subscribe_from(Position after)
    {
        return subscribe_from(after, LogFilter{});
    }

    // The last position; 0 when the log is empty.
    [[nodiscard]] virtual boost::asio::awaitable<Result<Position>> head() = 0;

    // The last position, asked by one who knows that the log has reached `seen`. In a log on
    // several servers one that was just elected may not have caught up, so an answer below `seen`
    // is asked for again; one that stays below for longer than that can last is the truth: events
    // were lost.
    [[nodiscard]] virtual boost::asio::awaitable<Result<Position>> settled_head(Position /*seen*/)
    {
        return head();
    }

    // Whether what readers are shown may be behind what was acknowledged. A log that answers true
    // has a newest().
    [[nodiscard]] virtual bool may_lag() const { return false; }
    // The last position that matches, as the log's leader knows it; 0 when nothing does.
    //   unsupported   readers of this log are never behind
    [[nodiscard]] virtual boost::asio::awaitable<Result<Position>> newest(LogFilter)
    {
        co_return Error{Errc::unsupported, "readers of this log are never behind"};
    }

    // A mark of this very log, different after it was deleted and made again. Cursors are bound to
    // it.
    [[nodiscard]] virtual std::string incarnation() const = 0;

    [[nodiscard]] virtual Durability durability() const = 0;

    // Whether a repeated id is recognised only for a while; then idempotency_rule.hpp says what
    // else is needed. A log that answers true has a moment().
    [[nodiscard]] virtual bool forgets_ids() const { return false; }
    // One that answers false finds every id that is in it now.
    //   unsupported   this log forgets ids
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<IdPlace>>>
    find_ids(std::vector<EventId>)
    {
        co_return Error{Errc::unsupported, "this log forgets ids"};
    }
    //   unsupported   this log does not forget
    [[nodiscard]] virtual boost::asio::awaitable<Result<LogMoment>> moment()
    {
        co_return Error{Errc::unsupported, "this log never forgets an id"};
    }

    // Whether what it keeps may differ from what it was given. Then key_reuse of an append is no
    // last word: an earlier event may have been kept in another form, and only reading it tells.
    [[nodiscard]] virtual bool encrypts_payloads() const { return false; }

    virtual void close() noexcept = 0;

protected:
    EventLog() = default;
    EventLog(const EventLog&) = delete;
    EventLog& operator=(const EventLog&) = delete;
};

} // namespace sealstream
