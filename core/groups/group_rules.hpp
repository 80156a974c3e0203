#pragma once

// Who works on what in a group of competing consumers. Pure: the store loads the streams that a
// call is about, asks here what becomes of them, and writes that back, in one transaction.
//
//   1. A stream has at most one owner: the claim whose token it holds, until its lease runs out.
//   2. A claim gets events of a stream in order, from the first that is not settled; later ones
//   wait for it.
//   3. What is not acknowledged comes again. After a failed delivery the first event of its stream
//   comes alone, so that a poison
//      event is found out; after deliveries_max it parks its stream. Other streams go on.
//   4. Tokens only grow. A call with a token whose lease has run out, or was given up, is refused.

#include "core/event/names.hpp"
#include "core/event/position.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sealstream {

using GroupToken = std::uint64_t; // 0: none
using GroupTime =
    std::chrono::sys_time<std::chrono::microseconds>; // the store's clock, the only one

// The part of a stream that a group has not settled.
struct StreamWork {
    StreamName stream;
    std::vector<Position> events; // ascending, from the first unsettled; perhaps not all
    GroupToken owner{0};
    GroupTime leased_until{};
    Position delivered_through; // to the owner
    GroupTime not_before{};     // a negative acknowledgement asked for a pause
    unsigned deliveries{0};     // of the first event
    bool is_parked{false};
    std::string reason; // why it is parked, or was returned last

    friend bool operator==(const StreamWork&, const StreamWork&) = default;
};

struct ClaimLimits {
    std::size_t events_max{100};
    std::chrono::milliseconds lease{30'000};
};

// An event that a claim has been given.
struct ClaimedEvent {
    StreamName stream;
    Position position;
    unsigned delivery{1}; // 2 and more: it has come before
};

// Ends a lease that has run out at `now`, as a failed delivery. True: something has changed.
bool expire(StreamWork& work, GroupTime now, unsigned deliveries_max);

// Whether a claim may take it.
[[nodiscard]] bool is_free(const StreamWork& work, GroupTime now);

// Gives free streams to `token`, those with the oldest events first; events ascend by position.
[[nodiscard]] std::vector<ClaimedEvent> claim(std::vector<StreamWork>& works, GroupTime now,
                                              GroupToken token, const ClaimLimits& limits);

// Settles what was delivered to the owner up to `through`, and frees the stream when nothing is
// left. Returns how many.
std::size_t acknowledge(StreamWork& work, Position through);

// Of a claim that was handed out only up to `through`: what is beyond does not count as delivered.
// Position{0}: nothing of it was handed out.
void shorten(StreamWork& work, Position through);

struct Nack {
    std::chrono::milliseconds delay{0};
    bool must_park{false};
    std::string reason;
};
// Gives the stream back; parks it when it has failed often enough.
void give_back(StreamWork& work, GroupTime now, const Nack& nack, unsigned deliveries_max);

// Of a parked stream: its first event is tried again, or never.
void retry_parked(StreamWork& work);
void skip_parked(StreamWork& work);

} // namespace sealstream
