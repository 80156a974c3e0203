#pragma once

// Private to the projector: what it folds together.

#include "core/base/log.hpp"
#include "projections/projector.hpp"

namespace sealstream {

// Projections that are folded together, or one alone.
struct Projector::Lane {
    Lane(LanePlan lane_plan, FoldContext fold_context, Pool::Lease lease,
         std::vector<ProjectionVersion> owned)
        : plan{std::move(lane_plan)},
          context{std::move(fold_context)},
          folding{context, std::move(lease), std::move(owned)}
    {
    }

    LanePlan plan;
    FoldContext context;
    FoldRun folding;
    Result<void> ended{};
};

inline void report(Level level, std::string_view event, const Error& error)
{
    log(level, event, "projections", {{"code", name(error.code)}, {"reason", error.context}});
}

// Only a wake-up of who waits for lanes and rebuilds; they always end.
inline constexpr std::chrono::seconds lane_wait_step{60};

} // namespace sealstream
