#pragma once

#include "core/async/backoff.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace sealstream {

struct AuditorOptions {
    std::string writer{"auditor"};                       // who, in the audit stream: for operators
    std::uint64_t checkpoint_events{100'000};            // a checkpoint at the latest after so many
    std::chrono::milliseconds checkpoint_interval{500};  // or after this long with new leaves
    std::chrono::milliseconds heartbeat_interval{5'000}; // of silence
    std::chrono::milliseconds block_linger{20};          // how long a block waits to get full
    std::chrono::milliseconds feed_wait{100}; // for events; also how long a stop may take
    std::size_t feed_events_max{4'096};       // taken from the log at once
    std::size_t pending_bytes_max{8 << 20};   // of leaves that are not written yet
    std::uint64_t gap_events_max{100'000};    // a larger hole in the log needs a person
    unsigned takeover_tries_max{20};          // against a writer that is still busy
    BackoffOptions retry{std::chrono::milliseconds{50}, std::chrono::milliseconds{5'000}};
};

} // namespace sealstream
