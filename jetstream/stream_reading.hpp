#pragma once

// Reads of one stream that do not end before what its leader has, whichever replica answers.

#include "core/async/backoff.hpp"
#include "core/event/append_plan.hpp"
#include "core/ports/event_log.hpp"
#include "jetstream/stream_reads.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <optional>

namespace sealstream::jetstream {

// Who reads, and until when a replica that is behind is waited for.
struct Reading {
    StreamReads& reads;
    const Clock& clock;
    boost::asio::any_io_executor home;
    Monotonic deadline{};
    bool has_replicas{false}; // else the one server that answers is the leader
};

struct NewestEvent {
    StreamHead head;
    WallTime ingested{}; // by the log's clock
};

// The newest event of a stream as the leader knows it; version 0 when there is none.
//   corrupt   what is there is no event of the stream
[[nodiscard]] Task<Result<NewestEvent>> read_newest(Reading reading, std::string ledger,
                                                    StreamName stream);

// The same, asking again, with pauses, until the deadline.
[[nodiscard]] Task<Result<NewestEvent>> read_newest_patiently(Reading reading, std::string ledger,
                                                              StreamName stream);

// Pages of one subject up to a position that is in it.
class StreamWalk {
public:
    // From position `first`, or from what came at or after `since`.
    StreamWalk(Reading reading, std::string subject, Position target, std::uint64_t first);
    StreamWalk(Reading reading, std::string subject, Position target, WallTime since);

    // The next page: empty only once the target has been returned. Waits, with pauses, for a
    // replica that is behind, or does not answer.
    //   unavailable   until the deadline none had it
    [[nodiscard]] Task<Result<StreamReads::Page>> next(std::size_t messages_max,
                                                       std::size_t bytes_max);

private:
    Reading reading_;
    std::string subject_;
    Position target_;
    std::uint64_t first_{1};
    std::optional<WallTime> since_;
    Backoff backoff_;
};

// Where an earlier page of a stream ended, so that paging does not begin anew each time.
struct StreamMark {
    Version version;
    Position position; // 0: from the start
};

struct StreamPage {
    std::vector<StoredRecord> records;
    StreamMark reached;
};

// Events of a stream above version `after`, within the limits; `from` is at or before it. What was
// appended before the call is there.
//   corrupt       what is there is no event of the stream
//   unavailable   until the deadline no replica had all that the leader has
[[nodiscard]] Task<Result<StreamPage>> read_stream_page(Reading reading, std::string ledger,
                                                        StreamName stream, Version after,
                                                        StreamMark from, ReadLimits limits);

} // namespace sealstream::jetstream
