#pragma once

// What the benchmarks of folds share: a private Postgres with room, and a projector or a rebuild
// that is timed to a position.

#include "integration/support/postgres_home.hpp"
#include "projections/projector.hpp"
#include "projections/rebuild.hpp"

#include <prometheus/registry.h>

namespace sealstream::testing {

inline constexpr std::size_t bench_batch_events = 5'000;

// Since `begun`, a second.
[[nodiscard]] double rate_since(std::size_t events, std::chrono::steady_clock::time_point begun);

struct FoldWorld {
    PostgresServer server{PostgresServerOptions{
        true, {"shared_buffers=512MB", "max_wal_size=8GB", "checkpoint_timeout=30min"}}};
    PostgresHome home{server};
    SystemClock clock;
    prometheus::Registry registry;
    ProjectorMetrics metrics{registry};
    FoldFaults none;

    // A projector folds all of `log` that it has not folded yet, `events` of them.
    [[nodiscard]] double fold(EventLog& log, const std::string& ledger,
                              const std::vector<Projection>& projections, std::size_t events);

    // Everything again, beside it; compared with nothing. Prints its parts to stderr.
    [[nodiscard]] double rebuild(EventLog& log, const std::string& ledger,
                                 const Projection& projection, std::size_t events);
};

} // namespace sealstream::testing
