#pragma once

// How a projector works.

#include "core/async/backoff.hpp"
#include "core/event/position.hpp"

#include <string>

namespace sealstream {

struct ProjectorOptions {
    std::string ledger{"main"};
    std::size_t batch_events_max{5'000}; // in one transaction
    std::chrono::milliseconds batch_wait{
        1'000}; // for the first event; then a batch is what is there
    std::chrono::milliseconds standby_poll{
        1'000}; // how often a standby looks whether the owner is gone
    std::chrono::milliseconds head_interval{
        1'000}; // how often the log's head is asked, for the lag
    std::chrono::milliseconds fold_timeout{
        30'000}; // for the SQL of a pack on one batch; twice this, and its session is ended
    std::size_t parked_streams_max{1'000}; // of one projection; more, and it halts
    std::size_t near_events{50'000};       // a projection this close to the others joins them
    std::size_t lanes_max{3}; // batches folded side by side: the others, and those far behind
    std::chrono::seconds apart_for{30}; // how long a slow projection is on its own; doubles
    BackoffOptions retry{std::chrono::milliseconds{50}, std::chrono::milliseconds{5'000}};
};

} // namespace sealstream
