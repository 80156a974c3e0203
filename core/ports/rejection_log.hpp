#pragma once

// The forensic log: events that were refused, and why. They are in no other place; the ledger never
// sees them. What is kept of an event is bounded.

#include "core/event/event.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sealstream {

struct RejectedEvent {
    std::uint64_t number{0}; // counts up; given when it is recorded
    WallTime at;
    std::string code;   // of the refusal: "emission_refused"
    std::string rule;   // that has decided
    std::string reason; // in words
    EventId id;
    std::string type;
    StreamName stream;
    std::string source;
    std::string actor;
    std::string key;
    Digest data_digest;          // SHA-256 of all of the data
    std::uint64_t data_bytes{0}; // of all of it
    std::string data;            // its beginning
};

// Newest first. Empty fields do not filter; all given ones must hold.
struct RejectionQuery {
    std::uint64_t before{0}; // only those with a lower number; 0: from the newest
    std::size_t events_max{100};
    std::string type;
    std::string source;
    std::optional<WallTime> from_time; // inclusive
    std::optional<WallTime> to_time;   // exclusive
};

class RejectionLog {
public:
    virtual ~RejectionLog() = default;

    // Durable when it succeeds. Numbers and times are given here.
    //   unavailable, outcome_unknown   perhaps not recorded; what was refused may be recorded twice
    [[nodiscard]] virtual boost::asio::awaitable<Result<void>>
    record(std::vector<RejectedEvent> events) = 0;

    //   unavailable
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<RejectedEvent>>>
    query(RejectionQuery query) = 0;

protected:
    RejectionLog() = default;
    RejectionLog(const RejectionLog&) = delete;
    RejectionLog& operator=(const RejectionLog&) = delete;
};

} // namespace sealstream
