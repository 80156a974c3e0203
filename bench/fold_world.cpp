#include "bench/fold_world.hpp"

#include <algorithm>
#include <cstdio>

namespace sealstream::testing {

using Steady = std::chrono::steady_clock;

double rate_since(std::size_t events, Steady::time_point begun)
{
    return static_cast<double>(events) /
           std::chrono::duration<double>(Steady::now() - begun).count();
}

double FoldWorld::fold(EventLog& log, const std::string& ledger,
                       const std::vector<Projection>& projections, std::size_t events)
{
    const auto head = home.run(log.head());
    SEAL_CHECK(head.has_value(), "the log is in memory");
    Stop stop{home.context.get_executor()};
    ProjectorOptions options;
    options.ledger = ledger;
    Projector projector{log, home.pool, home.threads, clock, stop, options, metrics, projections};
    const auto is_through = [&] {
        const auto owned = projector.status().projections;
        return owned.size() == projections.size() &&
               std::all_of(owned.begin(), owned.end(),
                           [&](const ProjectionVersion& one) { return one.cursor >= *head; });
    };
    const auto begun = Steady::now();
    home.tasks.spawn("projector", projector.run());
    while (!is_through()) {
        home.context.restart();
        home.context.run_one_for(std::chrono::milliseconds{5});
    }
    const double result = rate_since(events, begun);
    stop.request();
    home.run(home.tasks.wait_idle(std::chrono::seconds{20}));
    return result;
}

double FoldWorld::rebuild(EventLog& log, const std::string& ledger, const Projection& projection,
                          std::size_t events)
{
    Stop stop{home.context.get_executor()};
    ProjectorOptions options;
    options.ledger = ledger;
    FoldContext context{log,     home.pool, home.threads, clock,        stop,
                        metrics, &none,     options,      {projection}, {}};
    const auto begun = Steady::now();
    auto indexing = begun;
    const auto note = [&indexing](const RebuildProgress& progress) {
        if (progress.stage == RebuildProgress::Stage::indexing) {
            indexing = Steady::now();
        }
    };
    const auto report =
        home.run(rebuild_projection(std::move(context), RebuildOptions{false, true}, note));
    SEAL_CHECK(report.has_value(), "nothing disturbs the rebuild");
    const double result = rate_since(events, begun);
    std::fprintf(stderr, "rebuild of %s: folded in %.2f s, whole %.2f s, swap %.1f ms\n",
                 projection.name.c_str(), std::chrono::duration<double>(indexing - begun).count(),
                 std::chrono::duration<double>(report->total).count(),
                 std::chrono::duration<double, std::milli>(report->swap).count());
    return result;
}

} // namespace sealstream::testing
