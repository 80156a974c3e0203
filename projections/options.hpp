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
    BackoffOptions retry{std::chrono::milliseconds{50}, std::chrono::milliseconds{5'000}};
};

} // namespace sealstream
