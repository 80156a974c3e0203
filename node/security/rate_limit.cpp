#include "node/security/rate_limit.hpp"

#include <algorithm>

namespace sealstream::security {

namespace {

constexpr std::array resources{Resource::requests, Resource::events, Resource::bytes};
constexpr std::int64_t scale = 1'000;
constexpr std::int64_t overdraft_seconds_max = 60; // nobody waits longer for one large request
constexpr std::uint64_t amount_max = std::uint64_t{1} << 40;

} // namespace

std::string_view name(Resource resource) noexcept
{
    switch (resource) {
    case Resource::requests:
        return "requests";
    case Resource::events:
        return "events";
    case Resource::bytes:
        return "bytes";
    }
    return "?";
}

std::uint64_t RateOptions::rate_of(Resource resource) const noexcept
{
    switch (resource) {
    case Resource::requests:
        return requests_per_second;
    case Resource::events:
        return events_per_second;
    case Resource::bytes:
        return bytes_per_second;
    }
    return 0;
}

std::int64_t RateLimiter::full(Resource resource) const noexcept
{
    return static_cast<std::int64_t>(options_.rate_of(resource) * options_.burst_seconds) * scale;
}

RateLimiter::Client& RateLimiter::client(std::string_view name, Moment now)
{
    const auto known = places_.find(name);
    if (known == places_.end()) {
        while (!clients_.empty() && clients_.size() >= options_.clients_max) {
            places_.erase(clients_.back().name);
            clients_.pop_back();
        }
        Client fresh{std::string{name}, {}, now};
        for (const Resource each : resources) {
            fresh.balances[static_cast<std::size_t>(each)] = full(each);
        }
        clients_.push_front(std::move(fresh));
        places_.emplace(clients_.front().name, clients_.begin());
        return clients_.front();
    }
    clients_.splice(clients_.begin(), clients_, known->second);
    Client& found = clients_.front();
    // Whole milliseconds: what is left of one counts the next time.
    const std::int64_t passed =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - found.updated).count();
    if (passed > 0) {
        found.updated += std::chrono::milliseconds{passed};
        const auto useful = std::min<std::int64_t>(passed, 1'000 * 3'600);
        for (const Resource each : resources) {
            auto& balance = found.balances[static_cast<std::size_t>(each)];
            const auto earned = static_cast<std::int64_t>(options_.rate_of(each)) * useful;
            balance = std::min(full(each), balance + earned);
        }
    }
    return found;
}

RateLimiter::Answer RateLimiter::admit(std::string_view name, Moment now)
{
    Answer answer;
    if (!options_.is_on()) {
        return answer;
    }
    Client& asking = client(name, now);
    std::int64_t longest = -1;
    for (const Resource each : resources) {
        const auto rate = static_cast<std::int64_t>(options_.rate_of(each));
        if (rate == 0) {
            continue;
        }
        const std::int64_t balance = asking.balances[static_cast<std::size_t>(each)];
        const std::int64_t lacking = std::max<std::int64_t>(0, scale - balance);
        const std::int64_t wait_ms = (lacking + rate - 1) / rate;
        const bool is_scarcer =
            answer.quota == 0 || wait_ms > longest ||
            (wait_ms == longest && static_cast<std::uint64_t>(std::max<std::int64_t>(
                                       0, balance / scale)) < answer.remaining);
        if (is_scarcer) {
            longest = wait_ms;
            answer.resource = each;
            answer.quota = static_cast<std::uint64_t>(rate);
            answer.remaining =
                static_cast<std::uint64_t>(std::max<std::int64_t>(0, balance / scale));
        }
    }
    answer.is_allowed = longest == 0;
    answer.wait = std::chrono::seconds{(longest + 999) / 1'000};
    if (answer.is_allowed && options_.requests_per_second != 0) {
        asking.balances[static_cast<std::size_t>(Resource::requests)] -= scale;
        answer.remaining -= answer.resource == Resource::requests ? 1U : 0U;
    }
    return answer;
}

void RateLimiter::charge(std::string_view name, Resource resource, std::uint64_t amount, Moment now)
{
    const auto rate = static_cast<std::int64_t>(options_.rate_of(resource));
    if (rate == 0 || amount == 0) {
        return;
    }
    auto& balance = client(name, now).balances[static_cast<std::size_t>(resource)];
    const auto cost = static_cast<std::int64_t>(std::min(amount, amount_max)) * scale;
    balance = std::max(balance - cost, -overdraft_seconds_max * rate * scale);
}

} // namespace sealstream::security
