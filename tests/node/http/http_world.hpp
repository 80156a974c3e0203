#pragma once

// A node's HTTP front end over a log in memory: requests go through find_route and dispatch as in
// production, without a socket. Streamed answers are read to their end.

#include "node/feeds/feed_hub.hpp"
#include "node/http/dispatch.hpp"
#include "node/http/id_lookup.hpp"
#include "node/http/in_flight_ids.hpp"
#include "node/http/index_watch.hpp"
#include "node/rules/rulebook_follower.hpp"
#include "tests/support/memory_event_log.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>
#include <prometheus/registry.h>

#include <deque>
#include <functional>

namespace sealstream::testing {

// What most tests write to, and the least that they write.
inline constexpr auto deal = "/v1/streams/deal/42/events";
inline constexpr auto opened = R"({"type":"DealOpened","data":{"b":1,"a":2}})";

// Finds events by walking through the log; lags behind it when told to.
class MemoryEventIndex final : public EventIndex {
public:
    explicit MemoryEventIndex(EventLog& log) : log_{log} {}
    [[nodiscard]] Task<Result<std::vector<IndexedEvent>>> query(EventQuery query) override;
    [[nodiscard]] Task<Result<IndexedEvent>> find(EventId id, Position at_least = {}) override;
    [[nodiscard]] Task<Result<Position>> cursor() override;

    std::optional<Position> stands_at; // else at the head
    std::optional<Error> failure;
    std::function<void()> after_cursor{}; // what happens right after the cursor was told
    std::size_t asked{0};                 // for events

private:
    [[nodiscard]] Task<Result<Position>> standing();
    EventLog& log_;
};

// The ids of that index.
class MemoryIdempotencyIndex final : public IdempotencyIndex {
public:
    explicit MemoryIdempotencyIndex(MemoryEventIndex& index) : index_{index} {}
    [[nodiscard]] Task<Result<Answer>> find(std::vector<EventId> ids) override;

    std::size_t asked{0}; // times

private:
    MemoryEventIndex& index_;
};

// Real time, with as much added as a test wants to have passed.
class ShiftedClock final : public Clock {
public:
    [[nodiscard]] WallTime wall() const override;
    [[nodiscard]] Monotonic monotonic() const override;
    std::chrono::nanoseconds shift{0};

private:
    SystemClock real_;
};

struct Sent {
    http::Verb verb{http::Verb::get};
    std::string target;
    std::vector<std::pair<std::string, std::string>> fields{};
    std::string body{};
    bool is_local{true};
    http::Surface surface{http::Surface::clients};
    std::optional<Result<security::CallerPtr>> certificate{};
    std::string peer{"127.0.0.1"};
};

struct Got {
    int status{0};
    std::string body;
    std::string content_type;
    std::vector<http::Header> headers;
    std::vector<std::pair<std::string, std::string>> own_headers{};

    [[nodiscard]] std::string header(std::string_view name) const;
    [[nodiscard]] boost::json::value json() const;
    // The string at a JSON Pointer; numbers and booleans as text; "" when there is nothing.
    [[nodiscard]] std::string at(std::string_view pointer) const;
};

class HttpWorld {
public:
    explicit HttpWorld(http::Limits limits = {}, FeedHubOptions hub = {},
                       MemoryLogOptions log_options = {});
    ~HttpWorld();

    [[nodiscard]] Got send(Sent sent);
    [[nodiscard]] Got get(std::string target,
                          std::vector<std::pair<std::string, std::string>> = {});
    // With Content-Type: application/json.
    [[nodiscard]] Got post(std::string target, std::string body,
                           std::vector<std::pair<std::string, std::string>> = {});
    [[nodiscard]] Got post_lines(std::string target, std::string body);
    [[nodiscard]] Task<Got> answer(Sent sent);
    void stop();

    boost::asio::io_context context{1};
    ShiftedClock clock;
    SystemClock rules_clock; // shifting time does not make the rules stale
    MemoryEventLog log;
    EventIdSource ids{clock};
    FeedHub feeds;
    RulebookFollower rules;
    prometheus::Registry registry;
    http::HttpMetrics metrics{registry, http::route_labels()};
    http::Health health;
    Stop stop_wish{context.get_executor()};
    TaskGroup tasks{context.get_executor()};
    MemoryEventIndex index{log};
    MemoryIdempotencyIndex known_ids{index};
    http::IdLookup id_lookup{log, &known_ids, clock, tasks, context.get_executor()};
    http::InFlightIds in_flight{10'000};
    http::IndexWatch index_watch{index, tasks, stop_wish};
    http::Services services;
};

} // namespace sealstream::testing
