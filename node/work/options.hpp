#pragma once

// How the work of packs is run.

#include "core/async/backoff.hpp"

#include <chrono>
#include <string>

namespace sealstream {

struct WorkOptions {
    std::string ledger{"main"};
    bool has_invariants{true}; // they run when they are due; else when they are asked to
    bool has_schedules{true};
    std::chrono::milliseconds statement_time_max{10'000};
    std::size_t breach_rows_max{20};         // of a breach, in its event
    std::size_t breach_bytes_max{64 << 10};  // likewise
    std::size_t schedule_rows_max{500};      // of one run; more, and it fails
    std::size_t schedule_bytes_max{4 << 20}; // likewise
    std::size_t refused_rows_shown{20};      // in the event of a run
    std::chrono::milliseconds look_interval{
        500};                                  // for what was asked for, and whether we still own
    std::chrono::milliseconds pause_least{10}; // between two rounds of a lane
    std::chrono::milliseconds standby_poll{
        1'000};              // how often a standby looks whether the owner is gone
    int append_tries_max{5}; // of one telling, against others who tell, too
    BackoffOptions retry{std::chrono::milliseconds{200}, std::chrono::milliseconds{15'000}};
};

} // namespace sealstream
