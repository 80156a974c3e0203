#include "node/work/work_runner.hpp"

#include "core/base/log.hpp"

namespace sealstream {

namespace {

using State = WorkRunnerStatus::State;

constexpr std::chrono::seconds lanes_wait_step{10}; // between two looks whether all have ended

bool has_work(const Pack& pack)
{
    return !pack.invariants.empty() || !pack.schedules.empty();
}

} // namespace

WorkRunner::WorkRunner(WorkContext context, Stop& stop, std::vector<PackPtr> packs)
    : context_{std::move(context)},
      stop_{stop},
      backoff_{context_.options.retry},
      packs_{std::move(packs)},
      lanes_{stop.executor()}
{
}

WorkRunner::~WorkRunner() = default;

void WorkRunner::declare(std::vector<PackPtr> packs)
{
    packs_ = std::move(packs);
    is_declared_ = false;
}

Task<void> WorkRunner::run()
{
    while (!stop_.requested()) {
        const auto ended = co_await session();
        if (ended || stop_.requested()) {
            continue;
        }
        status_.state = State::retrying;
        status_.last_error = describe(ended.error());
        log(Level::warn, "work.retrying", "work",
            {{"ledger", context_.options.ledger}, {"why", status_.last_error}});
        co_await stop_.sleep_for(backoff_.next());
    }
    status_.state = State::stopped;
}

Task<Result<void>> WorkRunner::session()
{
    const auto ended = co_await own_and_run();
    context_.store.give_up();
    co_return ended;
}

Task<Result<void>> WorkRunner::own_and_run()
{
    SEAL_CO_TRY_VOID(co_await wait_for_ownership());
    while (!stop_.requested()) {
        SEAL_CO_TRY_VOID(co_await declare_all());
        backoff_.reset();
        status_ = {State::running, {}};
        Stop session_stop{stop_.executor()};
        std::vector<std::unique_ptr<PackLane>> lanes;
        for (const PackPtr& pack : packs_) {
            if (has_work(*pack)) {
                lanes.push_back(std::make_unique<PackLane>(context_, pack));
                lanes_.spawn("work of " + pack->name, lanes.back()->run(session_stop));
            }
        }
        const auto held = co_await hold();
        session_stop.request();
        while (lanes_.running() != 0) {
            co_await lanes_.wait_idle(lanes_wait_step);
        }
        if (!held) {
            co_return held;
        }
    }
    co_return Result<void>{};
}

Task<Result<void>> WorkRunner::wait_for_ownership()
{
    while (!stop_.requested()) {
        SEAL_CO_TRY(is_owner, co_await context_.store.try_own());
        if (is_owner) {
            break;
        }
        status_.state = State::standby;
        co_await stop_.sleep_for(context_.options.standby_poll);
    }
    co_return Result<void>{};
}

Task<Result<void>> WorkRunner::declare_all()
{
    std::vector<DeclaredWork> all;
    for (const PackPtr& pack : packs_) {
        for (DeclaredWork& one : declared_work(*pack)) {
            all.push_back(std::move(one));
        }
    }
    is_declared_ = true;
    co_return co_await context_.store.declare(std::move(all));
}

// Until a stop, or until other packs are declared; an error when the ownership has ended.
Task<Result<void>> WorkRunner::hold()
{
    while (!stop_.requested() && is_declared_) {
        SEAL_CO_TRY_VOID(co_await context_.store.still_owns());
        co_await stop_.sleep_for(context_.options.look_interval);
    }
    co_return Result<void>{};
}

} // namespace sealstream
