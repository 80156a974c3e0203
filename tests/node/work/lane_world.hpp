#pragma once

// Lanes of packs over a log in memory, with tables that a test makes up: what they show is the
// position of the log's head.

#include "core/base/check.hpp"
#include "node/work/pack_lane.hpp"
#include "tests/support/memory_event_log.hpp"
#include "tests/support/run_task.hpp"

#include <boost/asio/io_context.hpp>

namespace sealstream::testing {

// Asks for a run in every round, and stops after so many.
class AskingStore final : public WorkStore {
public:
    AskingStore(ManualClock& clock, Stop& stop, std::string name, WorkKind kind, int rounds)
        : clock_{clock},
          stop_{stop},
          rounds_{rounds}
    {
        memory_.kind = kind;
        memory_.name = std::move(name);
    }

    Task<Result<bool>> try_own() override { co_return true; }
    Task<Result<void>> still_owns() override { co_return Result<void>{}; }
    void give_up() noexcept override {}
    Task<Result<void>> declare(std::vector<DeclaredWork>) override { co_return Result<void>{}; }
    Task<Result<std::vector<NamedMemory>>> read() override
    {
        clock_.advance(std::chrono::seconds{1});
        ++memory_.memory.asked;
        if (rounds_-- <= 0) {
            stop_.request();
        }
        co_return std::vector{memory_};
    }
    Task<Result<void>> record(WorkRun run) override
    {
        memory_.memory.told = std::max(memory_.memory.told, run.told);
        runs.push_back(std::move(run));
        co_return Result<void>{};
    }

    std::vector<WorkRun> runs;

private:
    ManualClock& clock_;
    Stop& stop_;
    int rounds_;
    NamedMemory memory_;
};

// Tables whose rows a function makes up, for the position that they show: the log's head, or, where
// they lag, no more than what was asked for.
class MadeUpReader final : public PackReader {
public:
    using Rows = std::function<Result<PackRows>(Position head)>;

    MadeUpReader(EventLog& log, Rows rows, bool is_lagging)
        : log_{log},
          rows_{std::move(rows)},
          is_lagging_{is_lagging}
    {
    }
    Task<Result<PackRows>> read(PackQuestion question) override
    {
        SEAL_CO_TRY(head, co_await log_.head());
        if (head < question.at_least) {
            co_return Error{Errc::projection_behind, "the log went back"};
        }
        co_return rows_(is_lagging_ ? question.at_least : head);
    }
    Task<Result<Position>> cursor() override { co_return co_await log_.head(); }

private:
    EventLog& log_;
    Rows rows_;
    bool is_lagging_;
};

class LaneWorld {
public:
    explicit LaneWorld(Pack made) : pack{std::make_shared<const Pack>(std::move(made))} {}

    [[nodiscard]] WorkContext context_for(WorkStore& store, MadeUpReader::Rows rows)
    {
        WorkOptions options;
        options.has_invariants = false; // the store asks
        options.has_schedules = false;
        options.pause_least = std::chrono::milliseconds{1};
        options.look_interval = std::chrono::milliseconds{1};
        options.retry = {std::chrono::milliseconds{1}, std::chrono::milliseconds{2}};
        http::AdmissionParts admission;
        admission.policy = &policy;
        admission.log = &log;
        return {log,
                store,
                clock,
                [this, rows = std::move(rows)](const Pack&) {
                    return std::make_unique<MadeUpReader>(log, rows, is_lagging);
                },
                admission,
                {},
                options};
    }

    [[nodiscard]] std::vector<Event> events(const std::string& stream_type)
    {
        const ReadLimits everything{100'000, 1 << 30};
        const auto records = run_task(context, log.read_from(Position{}, everything));
        SEAL_CHECK(records.has_value(), "a log in memory can be read");
        std::vector<Event> found;
        for (const StoredRecord& record : *records) {
            auto event = decode_record(record.record);
            SEAL_CHECK(event.has_value(), "it holds records");
            if (event->stream.type == stream_type) {
                found.push_back(*std::move(event));
            }
        }
        return found;
    }

    void append(const std::string& stream, const std::string& type);

    boost::asio::io_context context{1};
    ManualClock clock;
    MemoryEventLog log{context.get_executor(), clock};
    http::PolicyOptions policy;
    bool is_lagging{false}; // the tables
    PackPtr pack;
    EventIdSource ids{clock};
};

inline void LaneWorld::append(const std::string& stream, const std::string& type)
{
    Draft draft;
    draft.id = ids.next();
    draft.type = type;
    draft.source = "test";
    StreamAppend append{*StreamName::parse(stream), {}, {}};
    append.drafts.push_back(std::move(draft));
    std::vector<StreamAppend> batch;
    batch.push_back(std::move(append));
    SEAL_CHECK(run_task(context, log.append(std::move(batch))).has_value(), "it takes events");
}

} // namespace sealstream::testing
