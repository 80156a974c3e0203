#pragma once

// How a relay works.

#include "core/async/backoff.hpp"
#include "postgres/outbox/outbox_plan.hpp"

#include <chrono>
#include <string>

namespace sealstream {

struct OutboxOptions {
    std::string ledger{"main"};
    bool is_enabled{true};
    std::size_t page_events_max{1'000};  // read, appended and stamped together
    std::size_t page_bytes_max{8 << 20}; // of one page
    OutboxLimits limits;
    std::chrono::milliseconds poll_interval{100};  // how often an empty outbox is looked at
    std::chrono::milliseconds standby_poll{1'000}; // how often a standby looks for the owner's end
    std::chrono::milliseconds lag_interval{1'000}; // how often the lag is measured
    std::chrono::milliseconds trust_longest{30'000};   // since Postgres last said that we own it
    std::chrono::seconds keep_emitted{7 * 24 * 3'600}; // then rows are removed
    std::size_t removed_transactions_max{1'000};       // at once
    BackoffOptions retry{std::chrono::milliseconds{50}, std::chrono::milliseconds{5'000}};
};

} // namespace sealstream
