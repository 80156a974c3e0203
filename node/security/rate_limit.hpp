#pragma once

// How much each client may ask for: token buckets for requests, events and bytes, one set per
// client, in a table with a bound. Pure: the time is given.
//
// A request is let in while no bucket is empty, and pays afterwards for what it turned out to be,
// so a large one may overdraw and the next ones wait. Who has not been seen longest is forgotten
// when the table is full: a flood of strange names can make it forget, not grow.

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>

namespace sealstream::security {

enum class Resource : std::uint8_t { requests, events, bytes };
inline constexpr std::size_t resource_count = 3;

[[nodiscard]] std::string_view name(Resource resource) noexcept;

// Per second, for each client; 0: no limit.
struct RateOptions {
    std::uint64_t requests_per_second{0};
    std::uint64_t events_per_second{0};
    std::uint64_t bytes_per_second{0};         // of request bodies
    std::uint64_t burst_seconds{2};            // what a client that was silent may spend at once
    std::size_t clients_max{10'000};           // in the table
    std::size_t connections_per_client_max{0}; // of one address; 0: no limit

    [[nodiscard]] std::uint64_t rate_of(Resource resource) const noexcept;
    [[nodiscard]] bool is_on() const noexcept
    {
        return requests_per_second != 0 || events_per_second != 0 || bytes_per_second != 0;
    }
};

class RateLimiter {
public:
    using Moment = std::chrono::nanoseconds; // of a clock that never goes back

    explicit RateLimiter(RateOptions options) : options_{options} {}

    struct Answer {
        bool is_allowed{true};
        Resource resource{Resource::requests}; // the scarcest
        std::uint64_t quota{0};                // a second's; 0: nothing is limited
        std::uint64_t remaining{0};            // before the next refusal
        std::chrono::seconds wait{0};          // until it may ask again, at least one when refused
    };

    // Asks for one request, and pays for it when it is allowed.
    [[nodiscard]] Answer admit(std::string_view client, Moment now);
    // Pays for more.
    void charge(std::string_view client, Resource resource, std::uint64_t amount, Moment now);

    [[nodiscard]] std::size_t clients() const noexcept { return clients_.size(); }
    [[nodiscard]] const RateOptions& options() const noexcept { return options_; }

private:
    // In thousandths, so that slow rates do not round to nothing; below zero: overdrawn.
    using Balances = std::array<std::int64_t, resource_count>;
    struct Client {
        std::string name;
        Balances balances{};
        Moment updated{0};
    };
    [[nodiscard]] Client& client(std::string_view name, Moment now);
    [[nodiscard]] std::int64_t full(Resource resource) const noexcept;

    RateOptions options_;
    std::list<Client> clients_; // the last seen first
    std::map<std::string, std::list<Client>::iterator, std::less<>> places_;
};

} // namespace sealstream::security
