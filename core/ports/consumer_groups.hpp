#pragma once

// Groups of competing consumers of a ledger: each event that a group's filter lets through is
// handled at least once, by one consumer at a time, in the order of its stream. The rules are in
// core/groups/group_rules.hpp.
//
// Executor  Calls start and complete on the node's I/O thread. Any node answers any call.

#include "core/event/event.hpp"
#include "core/groups/group_filter.hpp"
#include "core/groups/group_rules.hpp"

#include <boost/asio/awaitable.hpp>

namespace sealstream {

struct GroupDefinition {
    std::string name; // as a ledger's name
    GroupFilter filter;
    std::optional<Position> start; // events above it; none: only what comes from now on
    std::chrono::milliseconds lease{30'000};
    unsigned deliveries_max{5};
};

struct GroupStatus {
    GroupDefinition definition;      // without start
    Position cursor;                 // what is above has not been looked at
    std::uint64_t waiting_events{0}; // of streams that are not parked, up to the cursor
    std::uint64_t leased_streams{0};
    std::uint64_t parked_streams{0};
    std::uint64_t lag_events{0}; // waiting_events, and all above the cursor
    double lag_seconds{0};       // age of the oldest of these
    bool is_full{false};         // as many events wait as a group may hold
};

struct GroupClaim {
    GroupToken token{0}; // 0: there is nothing to do now
    GroupTime leased_until{};
    struct Delivered {
        StoredEvent event;
        unsigned delivery{1};
    };
    std::vector<Delivered> events; // by position
};

struct ParkedStream {
    StreamName stream;
    Position position; // of its first event, which failed
    unsigned deliveries{0};
    std::uint64_t waiting_events{0}; // with the first
    std::string reason;
};

struct GroupReturn {
    Nack nack;
    std::optional<StreamName> stream; // only this one of the claim
};

class ConsumerGroups {
public:
    virtual ~ConsumerGroups() = default;

    // Makes the group, or changes all but its start. True: it is new.
    [[nodiscard]] virtual boost::asio::awaitable<Result<bool>> put(GroupDefinition definition) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<Result<void>> remove(std::string group) = 0;
    //   not_found   (here and below) there is no such group
    [[nodiscard]] virtual boost::asio::awaitable<Result<GroupStatus>> get(std::string group) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<std::string>>> list() = 0;

    // `lease` overrides the group's; nothing to do is a claim without events.
    [[nodiscard]] virtual boost::asio::awaitable<Result<GroupClaim>>
    claim(std::string group, std::size_t events_max,
          std::optional<std::chrono::milliseconds> lease) = 0;

    //   refused   (here and below) the token is stale: its lease has run out, or all of it is
    //   settled
    // Settles the claim's events up to a position, or all. Returns how many.
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::size_t>>
    acknowledge(std::string group, GroupToken token, std::optional<Position> through) = 0;
    // Gives events back. Returns the streams that this has parked.
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<StreamName>>>
    give_back(std::string group, GroupToken token, GroupReturn what) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<Result<GroupTime>>
    extend(std::string group, GroupToken token, std::optional<std::chrono::milliseconds> lease) = 0;

    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<ParkedStream>>>
    parked(std::string group) = 0;
    //   not_found   this stream is not parked
    [[nodiscard]] virtual boost::asio::awaitable<Result<void>>
    unpark(std::string group, StreamName stream, bool is_skipped) = 0;

protected:
    ConsumerGroups() = default;
    ConsumerGroups(const ConsumerGroups&) = delete;
    ConsumerGroups& operator=(const ConsumerGroups&) = delete;
};

} // namespace sealstream
