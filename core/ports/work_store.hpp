#pragma once

// Where the runner of packs' work is chosen, and where it leaves what operators see
// (pack_work.hpp). Losing all of it loses no breach and doubles no event: the log remembers those.
//
// Executor  Calls start and complete on the node's I/O thread.

#include "core/base/clock.hpp"
#include "core/ports/pack_work.hpp"

namespace sealstream {

// What is remembered of one piece of work.
struct WorkMemory {
    std::optional<WallTime> moment;       // the newest that was run for
    std::optional<WallTime> asked_moment; // of the run that is asked for
    Position told{};                      // the last event in its stream that was also logged
    std::uint64_t failures{0};
    std::uint64_t asked{0};
    std::uint64_t answered{0};
};
struct NamedMemory {
    WorkKind kind{};
    std::string name;
    WorkMemory memory;
};

// One run. What has not come through leaves state, cursor, rows and moment as they were.
struct WorkRun {
    WorkKind kind{};
    std::string name;
    WallTime began{};
    WallTime next_at{};
    std::chrono::microseconds duration{0};
    std::uint64_t answered{0};
    std::optional<Error> failure{};
    std::string state; // and below: of one that came through
    Position cursor{};
    WallTime moment{};
    std::string rows{"[]"};
    bool has_more_rows{false};
    std::uint64_t appended{0};
    std::uint64_t refused{0};
    Position told{};
};

class WorkStore {
public:
    virtual ~WorkStore() = default;

    // Whether this object is now the one that runs the ledger's work; until give_up(), or until its
    // session ends, which still_owns() tells.
    [[nodiscard]] virtual boost::asio::awaitable<Result<bool>> try_own() = 0;
    //   unavailable   not any more
    [[nodiscard]] virtual boost::asio::awaitable<Result<void>> still_owns() = 0;
    virtual void give_up() noexcept = 0;

    // What is declared now. What is declared no more is forgotten.
    [[nodiscard]] virtual boost::asio::awaitable<Result<void>>
    declare(std::vector<DeclaredWork> all) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<NamedMemory>>> read() = 0;
    [[nodiscard]] virtual boost::asio::awaitable<Result<void>> record(WorkRun run) = 0;

protected:
    WorkStore() = default;
    WorkStore(const WorkStore&) = delete;
    WorkStore& operator=(const WorkStore&) = delete;
};

} // namespace sealstream
