#pragma once

// The invariants and schedules of one pack, run one after the other while its runner owns them.
//
// Executor  The I/O thread.
// Once      What is told is told once: an append expects the version of the stream that was decided
//           on (core/packs/work_rules.hpp). After anything that is not a clear yes, that stream is
//           read again, so starting, a lost answer and a rival are one path.
// Lag       A look counts for the position that its tables showed, and only where all tables of the
//           pack show the same.

#include "core/async/stop.hpp"
#include "core/ports/event_log.hpp"
#include "core/ports/pack_reader.hpp"
#include "core/ports/work_store.hpp"
#include "node/http/append_admission.hpp"
#include "node/work/options.hpp"
#include "node/work/schedule_rows.hpp"

#include <functional>
#include <memory>

namespace sealstream {

struct WorkContext {
    EventLog& log;
    WorkStore& store;
    const Clock& clock;
    std::function<std::unique_ptr<PackReader>(const Pack& pack)> reader_of;
    http::AdmissionParts admission; // of rows of schedules
    http::Limits limits;
    WorkOptions options;
};

// What a pack declares, as its row says it.
[[nodiscard]] std::vector<DeclaredWork> declared_work(const Pack& pack);

class PackLane {
public:
    PackLane(WorkContext& context, PackPtr pack);

    // Until `stop` is requested.
    [[nodiscard]] Task<void> run(Stop& stop);

private:
    struct Item {
        WorkKind kind{};
        std::string name;
        const PackInvariant* invariant{nullptr}; // one of these two
        const PackSchedule* schedule{nullptr};
        WorkPace pace{};
        WorkMemory memory{};
        std::optional<BreachState> told{}; // none: read it in the log
        Backoff backoff;
    };

    [[nodiscard]] Task<void> remember();
    [[nodiscard]] std::optional<WallTime> moment_of(const Item& item) const;
    [[nodiscard]] std::chrono::nanoseconds pause() const;
    [[nodiscard]] Task<void> run_item(Item& item, WallTime moment);
    [[nodiscard]] Task<Result<void>> check(Item& item, WorkRun& run);
    [[nodiscard]] Task<Result<void>> learn(Item& item);
    [[nodiscard]] Task<Result<InvariantLook>> look(const Item& item);
    [[nodiscard]] Task<Result<void>> tell_it(Item& item, const InvariantLook& look,
                                             Telling telling);
    void say(const Item& item, std::size_t rows) const;
    [[nodiscard]] Task<Result<void>> emit(Item& item, WorkRun& run);
    [[nodiscard]] Task<Result<void>> emit_once(Item& item, WorkRun& run);
    void report_failure(Item& item, const Error& error) const;

    WorkContext& context_;
    const PackPtr pack_;
    const std::unique_ptr<PackReader> reader_;
    std::vector<Item> items_;
};

} // namespace sealstream
