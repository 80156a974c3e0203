// Invariants
//   1. A projection is in at most one lane; lanes are made of cursors that were just claimed.
//   2. A round has ended only when all its lanes have.
//   3. What one projection does wrong ends no other's folding for longer than a round takes to
//   begin.

#include "core/base/log.hpp"
#include "projections/projector_lane.hpp"
#include "projections/rebuild_jobs.hpp"

#include <algorithm>

namespace sealstream {

namespace {

using State = ProjectorStatus::State;

constexpr std::chrono::milliseconds watch_tick{100}; // how soon the end of a lane is seen

// On sessions that end with what they are for: a pack's SQL may have run in them.
Result<Claimed> claim_alone(Pool& pool, const std::string& ledger, const Projection& projection,
                            const std::string& incarnation)
{
    SEAL_TRY(lease, pool.lend());
    lease.close_at_return();
    auto claimed = claim(*lease, ledger, projection, incarnation);
    const bool is_outdated =
        claimed ? claimed->is_outdated : claimed.error().code == Errc::unsupported;
    if (is_outdated) {
        SEAL_TRY_VOID(ask_for_new_sql(*lease, ledger, projection));
    }
    return claimed;
}

Result<Pool::Lease> lend_prepared(Pool& pool, const std::string& ledger,
                                  const std::vector<Projection>& folds)
{
    SEAL_TRY(lease, pool.lend());
    lease.close_at_return();
    const auto prepared = prepare_session(*lease, ledger, folds);
    if (!prepared) {
        return prepared.error();
    }
    return lease;
}

} // namespace

// From one claim of all cursors to the next: until something changes about who is folded with whom.
Task<Result<void>> Projector::round(Connection& holder)
{
    SEAL_CO_TRY_VOID(co_await claim_all());
    Stop round_stop{context_.stop.executor()};
    auto ended = co_await open_lanes(round_stop);
    if (ended) {
        for (const auto& lane : lanes_) {
            tasks_.spawn("fold lane", run_lane(*lane, round_stop));
        }
        status_.state = lanes_.empty() ? State::halted : State::folding;
        ended = co_await watch(holder, round_stop);
    }
    round_stop.request();
    while (tasks_.running() != 0) {
        co_await tasks_.wait_idle(lane_wait_step);
    }
    status_ = status();
    status_.projections.clear();
    for (const auto& lane : lanes_) {
        const auto settled = co_await settle(*lane);
        if (!settled && (ended || settled.error().code == Errc::refused)) {
            ended = settled; // that somebody has taken over says it all
        }
    }
    lanes_.clear();
    co_return ended;
}

Task<Result<void>> Projector::claim_all()
{
    for (std::size_t at = 0; at < members_.all().size(); ++at) {
        if (members_.all()[at].is_halted) {
            continue;
        }
        auto job = [&ledger = context_.options.ledger, &member = members_.all()[at],
                    incarnation = context_.log.incarnation(), &pool = context_.pool] {
            return claim_alone(pool, ledger, member.declared, incarnation);
        };
        auto claimed = co_await context_.threads.run(std::move(job));
        Member& member = members_.all()[at];
        if (claimed) {
            member.claimed = *std::move(claimed);
            const ProjectionVersion& version = member.claimed->version;
            context_.metrics.version_is(version.name, version.version, name(version.state));
            context_.metrics.halted(version.name, false);
            continue;
        }
        if (Pacing::verdict(claimed.error()) != NextStep::halt) {
            co_return claimed.error();
        }
        member.claimed.reset();
        const std::string code = claimed.error().code == Errc::corrupt       ? "halted_corrupt"
                                 : claimed.error().code == Errc::unsupported ? "digest_differs"
                                                                             : "fold_error";
        auto reason = claimed.error();
        co_await halt(at, code, std::move(reason));
    }
    co_return Result<void>{};
}

Task<Result<void>> Projector::open_lanes(Stop& round_stop)
{
    const auto places = members_.lane_members(context_.clock.monotonic());
    const auto plans = plan_lanes(places, context_.options.near_events, context_.options.lanes_max);
    for (const LanePlan& plan : plans) {
        FoldContext context{context_.log,
                            context_.pool,
                            context_.threads,
                            context_.clock,
                            round_stop,
                            context_.metrics,
                            context_.faults,
                            context_.options,
                            {},
                            plan.is_alone && !plan.until};
        std::vector<ProjectionVersion> owned;
        for (const std::size_t at : plan.members) {
            context.folds.push_back(members_.all()[at].claimed->fold);
            owned.push_back(members_.all()[at].claimed->version);
        }
        auto job = [&pool = context_.pool, &ledger = context_.options.ledger,
                    folds = context.folds] { return lend_prepared(pool, ledger, folds); };
        SEAL_CO_TRY(lease, co_await context_.threads.run(std::move(job)));
        lanes_.push_back(
            std::make_unique<Lane>(plan, std::move(context), std::move(lease), std::move(owned)));
    }
    co_return Result<void>{};
}

Task<void> Projector::run_lane(Lane& lane, Stop& round_stop)
{
    const auto until = lane.plan.until;
    lane.ended = co_await lane.folding.run(until);
    round_stop.request();
}

// Ends when a lane has, or when there are other lanes to make.
Task<Result<void>> Projector::watch(Connection& holder, Stop& round_stop)
{
    const auto before = members_.lane_members(context_.clock.monotonic());
    Monotonic looked = context_.clock.monotonic();
    const auto tick = std::min(context_.options.head_interval, watch_tick);
    while (!round_stop.requested() && !context_.stop.requested() && !declared_) {
        co_await context_.stop.sleep_for(tick);
        if (context_.clock.monotonic() - looked < context_.options.head_interval) {
            continue;
        }
        looked = context_.clock.monotonic();
        auto job = [&holder, &ledger = context_.options.ledger] {
            return read_orders(holder, ledger);
        };
        SEAL_CO_TRY(orders, co_await context_.threads.run(std::move(job)));
        for (Member& member : members_.all()) {
            const auto* const order = orders.find(member.declared.name);
            member.is_paused = order != nullptr && order->is_paused;
            if (member.claimed && order != nullptr &&
                order->version != member.claimed->version.version) {
                round_stop.request(); // another version was made the active one
            }
            if (member.is_halted && (order == nullptr || !order->is_halted)) {
                member = Member{std::move(member.declared)}; // a person says: go on
                round_stop.request();
            }
        }
        const auto now = members_.lane_members(context_.clock.monotonic());
        for (std::size_t at = 0; at < now.size(); ++at) {
            if (now[at].is_out != before[at].is_out || now[at].is_apart != before[at].is_apart) {
                round_stop.request();
            }
        }
    }
    co_return Result<void>{};
}

// What a lane has left behind. An error is about the projector as a whole.
Task<Result<void>> Projector::settle(Lane& lane)
{
    if (lane.folding.has_moved()) {
        pacing_.succeeded();
    }
    const std::vector<LeftBehind> left = lane.folding.left_behind();
    if (lane.folding.has_moved() && !lane.plan.is_alone) {
        for (const std::size_t member : lane.plan.members) {
            members_.moved(member);
        }
    }
    for (const LeftBehind& one : left) {
        auto setback = one.setback;
        co_await set_back(lane.plan.members[one.projection], std::move(setback));
    }
    if (lane.ended) {
        co_return Result<void>{};
    }
    Error failure = lane.ended.error();
    if (lane.folding.runaway()) {
        const std::size_t member = lane.plan.members[*lane.folding.runaway()];
        co_await halt(member, "fold_runaway", std::move(failure));
        co_return Result<void>{};
    }
    if (failure.code == Errc::conflict) {
        report(Level::info, "projector.claims_again", failure); // a version was swapped
        co_return Result<void>{};
    }
    if (Pacing::verdict(failure) != NextStep::halt) {
        co_return failure;
    }
    const std::string code = failure.code == Errc::corrupt ? "halted_corrupt" : "fold_error";
    for (const std::size_t member : lane.plan.members) {
        auto reason = failure;
        co_await halt(member, code, std::move(reason));
    }
    co_return Result<void>{};
}

Task<void> Projector::set_back(std::size_t member, FoldSetback setback)
{
    const std::string& projection = members_.all()[member].declared.name;
    switch (setback.setback) {
    case Setback::again:
    case Setback::slow:
        report(Level::warn, "projection.set_back", setback.error);
        members_.struck(member, setback.setback == Setback::slow, context_.clock.monotonic());
        status_.last_error = projection + ": " + describe(setback.error);
        break;
    case Setback::halt:
    case Setback::poison:
        co_await halt(member, std::move(setback.code), std::move(setback.error));
        break;
    }
}

Task<void> Projector::halt(std::size_t member, std::string code, Error reason)
{
    const std::string projection = members_.all()[member].declared.name;
    log(Level::error, "projector.halted", "projections",
        {{"projection", projection}, {"code", code}, {"reason", describe(reason)}});
    context_.metrics.halted(projection, true);
    status_.last_error = projection + ": " + describe(reason);
    auto job = [&ledger = context_.options.ledger, projection, code = std::move(code),
                text = describe(reason)](Connection& connection) {
        return record_halt(connection, ledger, projection, code, text);
    };
    const auto recorded = co_await with_connection(context_.threads, context_.pool, std::move(job));
    if (!recorded) {
        report(Level::warn, "projector.halt_not_recorded", recorded.error());
    }
    members_.all()[member].is_halted = true;
}

} // namespace sealstream
