#pragma once

// How to reach Postgres, and how long to wait for it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace sealstream {

struct PostgresOptions {
    std::string uri; // libpq URI or key=value text; may hold a password: never logged
    std::string application_name{"sealstream"}; // as pg_stat_activity shows it
    std::size_t connections_max{8};             // open at once in one pool
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds lend_timeout{5'000};       // for a free connection of the pool
    std::chrono::milliseconds statement_timeout{60'000}; // the server ends a longer statement
    std::chrono::milliseconds silence_max{15'000}; // unanswered network traffic, then it is broken
};

// What one consumer group may hold; at either bound the log is not read on.
struct GroupBounds {
    std::uint64_t waiting_events_max{10'000}; // that a claim can get
    std::uint64_t parked_events_max{100'000}; // more than these, behind parked streams
    std::size_t claim_bytes_max{4 << 20}; // of records in one claim; one comes whatever its size
};

} // namespace sealstream
