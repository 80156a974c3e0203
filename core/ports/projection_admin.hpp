#pragma once

// What operators see of projections, and what they can order. Any node answers; the projector that
// owns a projection does what was ordered, a moment later.
//
// Executor  Calls start and complete on the node's I/O thread.

#include "core/event/event.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sealstream {

// Why a projection does not move, or not as it should. The names are stable.
//
//   none                 it moves, or has nothing to do
//   rebuilding           it moves, and is built anew beside
//   written_past         it moves, but somebody else has written into its tables: rebuild it
//   poison               it moves, but streams are parked
//   catching_up          it has more to fold than one batch
//   no_projector         nobody folds
//   paused               an operator has said so
//   halted_corrupt       the log contradicts itself, or the cursor
//   digest_differs       its tables were made by other SQL: rebuild it
//   fold_error, fold_slow, fold_runaway, too_many_parked   the pack's SQL must be mended
//   not_made             no projector has made its tables yet
//   waiting_for_postgres the database does not answer: what is told is what was last known
struct ProjectionReason {
    std::string code{"none"};
    std::string detail;
};

struct ProjectionVersionStatus {
    int version{0};
    std::string state; // "active", "building", "retired"
    Position cursor;
};

struct RebuildStatus {
    std::string state; // "waiting", "running", "paused", "ready", "done", "failed", "cancelled"
    std::string stage; // of a running one: "folding", "indexing", "comparing", "swapping"
    int version{0};    // 0: not begun
    Position folded;
    Position head;
    std::optional<double> events_per_second; // lately
    std::optional<double> seconds_left;      // of folding, at that rate
    std::optional<bool> is_equal;            // to the version it replaces
    std::vector<std::string> different_tables;
    std::optional<double> swap_ms;
    std::string reason; // of a failure
};

struct SnapshotCounts {
    std::uint64_t count{0};
    std::uint64_t refused{0}; // of them: not what was sealed any more
    Position newest;          // that can be used; 0: none
};

struct ProjectionStatus {
    std::string name;
    std::string pack; // empty: ours
    Position cursor;
    Position head; // of the log
    std::uint64_t lag_events{0};
    double lag_seconds{0}; // age of the oldest event that is not folded
    ProjectionReason reason;
    std::uint64_t parked_streams{0};
    std::uint64_t parked_events{0};
    std::uint64_t foreign_writes{0}; // statements that wrote into its tables past the projector
    std::vector<ProjectionVersionStatus> versions;
    std::optional<RebuildStatus> rebuild; // the last one
    SnapshotCounts snapshots;
};

// A copy of a projection's tables at one position.
struct SnapshotStatus {
    int number{0};
    Position position;
    int version{0};          // of the projection
    std::string taken_at;    // RFC 3339
    std::string ingested_at; // of the event at the position
    std::uint64_t rows{0};
    std::uint64_t bytes{0};
    double took_seconds{0};
    std::string seal;       // SHA-256 of what it is and of its tables' digests
    bool is_current{false}; // made by the SQL of the active version
    std::string refused;    // why it is not used any more; else empty
};

// The last snapshot that was asked for.
struct SnapshotOrder {
    std::string state; // "waiting", "done", "failed"; empty: none was
    std::string reason;
};

struct Snapshots {
    std::vector<SnapshotStatus> all; // newest first
    SnapshotOrder order;
};

// A stream that a projection can not fold at present.
struct ParkedFold {
    StreamName stream;
    Position position; // of the event that failed
    std::uint64_t events{0};
    std::string sqlstate;
    std::string reason;
    std::string parked_at; // RFC 3339
    unsigned tries{0};
    bool is_retry_asked{false};
};

// A statement that wrote into a projection's tables past its projector.
struct ForeignWrite {
    std::string table;
    std::string operation; // "INSERT", "UPDATE", "DELETE", "TRUNCATE"
    std::string by;        // the database user, and what its program calls itself
    std::string at;        // RFC 3339
    std::string rows;      // JSON: some of those that it wrote, or null
};

struct RebuildWish {
    bool swaps{true}; // by itself, when it is equal; else `swap` is ordered later
    std::optional<std::uint64_t> events_per_second; // none: as fast as it goes
};

enum class RebuildOrder : std::uint8_t { pause, resume, swap, cancel };

class ProjectionAdmin {
public:
    virtual ~ProjectionAdmin() = default;

    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<ProjectionStatus>>> list() = 0;
    //   not_found   (here and below) there is no such projection
    [[nodiscard]] virtual boost::asio::awaitable<Result<ProjectionStatus>>
    get(std::string projection) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<ParkedFold>>>
    parked(std::string projection) = 0;

    // Of the active version, newest first, at most 100.
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<ForeignWrite>>>
    foreign_writes(std::string projection) = 0;

    // Folds no more until resumed. Resuming also tries a halted one again.
    [[nodiscard]] virtual boost::asio::awaitable<Result<void>> pause(std::string projection) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<Result<void>> resume(std::string projection) = 0;

    // Parked events of one stream, or of all, are folded again, in order. How many streams.
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::size_t>>
    retry(std::string projection, std::optional<StreamName> stream) = 0;

    //   conflict   one is under way
    [[nodiscard]] virtual boost::asio::awaitable<Result<void>> rebuild(std::string projection,
                                                                       RebuildWish wish) = 0;
    //   conflict   none is under way that this order fits
    [[nodiscard]] virtual boost::asio::awaitable<Result<void>> order(std::string projection,
                                                                     RebuildOrder order) = 0;

    [[nodiscard]] virtual boost::asio::awaitable<Result<Snapshots>>
    snapshots(std::string projection) = 0;
    // A projector takes one in a moment.
    //   conflict   one that was asked for is not taken yet
    [[nodiscard]] virtual boost::asio::awaitable<Result<void>>
    take_snapshot(std::string projection) = 0;

    // The version before becomes the active one again, and folds on from where it stood.
    //   conflict   there is none that was kept
    [[nodiscard]] virtual boost::asio::awaitable<Result<void>>
    roll_back(std::string projection) = 0;

protected:
    ProjectionAdmin() = default;
    ProjectionAdmin(const ProjectionAdmin&) = delete;
    ProjectionAdmin& operator=(const ProjectionAdmin&) = delete;
};

} // namespace sealstream
