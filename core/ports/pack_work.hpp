#pragma once

// What operators see of the invariants and schedules of a ledger's packs. Any node answers; the
// runner that owns them runs what was asked for, a moment later.
//
// Executor  Calls start and complete on the node's I/O thread.

#include "core/base/result.hpp"
#include "core/event/position.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sealstream {

enum class WorkKind : std::uint8_t { invariant, schedule };
[[nodiscard]] constexpr std::string_view name(WorkKind kind) noexcept
{
    return kind == WorkKind::invariant ? "invariant" : "schedule";
}

// What a pack says about it.
struct DeclaredWork {
    WorkKind kind{WorkKind::invariant};
    std::string name; // "deals.dense_events"
    std::string pack;
    std::string summary;  // of an invariant
    std::string severity; // of an invariant: "page", "warn"
    std::chrono::milliseconds every{0};
};

// What the last runs of it were like. Times are RFC 3339; empty: never.
struct WorkStatus {
    DeclaredWork declared;
    // Of the last run that came through. Invariants: "held", "breached"; schedules: "done";
    // "unknown" when there was none.
    std::string state{"unknown"};
    Position cursor{};  // what the tables showed then
    std::string ran_at; // the last run, whether it came through or not
    std::string came_through_at;
    std::string next_at; // when it is due again; in the past: nobody has run it
    std::string moment;  // that the last run was for
    double seconds{0};   // that the last run took
    std::uint64_t runs{0};
    std::uint64_t failed_runs{0};
    std::uint64_t failures{0}; // one after the other; 0: the last run came through
    std::string failure_code;  // of the last run
    std::string failure;
    std::string rows{"[]"}; // JSON: of a breach; of a schedule, what was refused last
    bool has_more_rows{false};
    std::uint64_t appended{0}; // events of a schedule
    std::uint64_t refused{0};  // rows of a schedule
    Position told{};           // the last event about it in its own stream
    std::uint64_t asked{0};    // how often a run was asked for
    std::uint64_t answered{0}; // which of these the last run has answered
    bool has_runner{false};    // somebody runs the ledger's work
};

class PackWork {
public:
    virtual ~PackWork() = default;

    // By name.
    //   projection_missing  (here and below) no projector has been there yet
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<WorkStatus>>>
    list(WorkKind kind) = 0;
    //   not_found   (here and below) no pack declares such a one
    [[nodiscard]] virtual boost::asio::awaitable<Result<WorkStatus>> get(WorkKind kind,
                                                                         std::string name) = 0;
    // Runs it once more, in a moment: when `answered` has reached the number that this returns.
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::uint64_t>> run(WorkKind kind,
                                                                            std::string name) = 0;

protected:
    PackWork() = default;
    PackWork(const PackWork&) = delete;
    PackWork& operator=(const PackWork&) = delete;
};

} // namespace sealstream
