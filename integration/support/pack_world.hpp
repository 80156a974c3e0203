#pragma once

// A node's HTTP front end over a log in memory, a real Postgres, a projector between them, and a
// small pack: deals that are opened, approved once two have agreed, and closed.

#include "integration/support/postgres_home.hpp"
#include "node/http/packs/guard_stage.hpp"
#include "node/http/packs/served_packs.hpp"
#include "projections/postgres_pack_reader.hpp"
#include "projections/projector.hpp"
#include "projections/snapshots/past_states.hpp"
#include "tests/node/http/http_world.hpp"

#include <functional>

namespace sealstream::testing {

// Queries, commands and guards of the pack; its tables.
[[nodiscard]] Pack deal_pack();
[[nodiscard]] Projection deal_projection();

// A reader whose answers come late: as if the projector, or the database, were slow.
class SlowPackReader final : public PackReader {
public:
    SlowPackReader(PackReader& real, Stop& stop) : real_{real}, stop_{stop} {}
    [[nodiscard]] Task<Result<PackRows>> read(PackQuestion question) override;
    [[nodiscard]] Task<Result<Position>> cursor() override;

    std::chrono::milliseconds delay{0};       // before and after each read
    std::function<Task<void>()> after_read{}; // once, after the next read

private:
    PackReader& real_;
    Stop& stop_;
};

class PackWorld : public PostgresHome {
public:
    explicit PackWorld(Pack pack = deal_pack(), std::string prefix = "/packs/deals",
                       http::Limits limits = {}, MemoryLogOptions log = {});
    ~PackWorld();

    // Until the tables show everything that is in the log.
    void fold();
    void start_projector();
    void stop_projector();

    HttpWorld http;
    ProjectorMetrics projector_metrics{http.registry};
    PastStatesOptions past_options{}; // before the first question as of a position
    PastStates& past();
    PostgresPackReader real;
    Stop slow_stop{http.context.get_executor()};
    SlowPackReader slow{real, slow_stop};
    http::IndexWatch watch{slow, http.tasks, http.stop_wish};
    http::StreamTurns turns{http.context.get_executor()};

private:
    [[nodiscard]] Task<void> project();
    void wait_for_tables();
    std::unique_ptr<PastStates> past_;
    std::unique_ptr<Stop> stop_;
    bool is_projecting_{false};
};

} // namespace sealstream::testing
