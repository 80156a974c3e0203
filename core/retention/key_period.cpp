#include "core/retention/key_period.hpp"

#include <limits>

namespace sealstream {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t second_ns = 1'000'000'000;

} // namespace

seconds period_length(seconds keep) noexcept
{
    if (keep >= hours{10}) {
        return hours{1};
    }
    return keep >= minutes{10} ? minutes{1} : seconds{1};
}

KeyPeriod period_at(std::string retention_class, WallTime now, seconds length)
{
    const std::int64_t step = length.count() * second_ns;
    std::int64_t number = now.nanoseconds / step;
    if (now.nanoseconds % step < 0) {
        --number; // division cuts towards zero, periods go downwards
    }
    return {std::move(retention_class), WallTime{number * step}, WallTime{(number + 1) * step}};
}

std::string key_name(const KeyPeriod& period)
{
    return period.retention_class + "/" + to_rfc3339(period.from) + "/" + to_rfc3339(period.until);
}

std::optional<KeyPeriod> parse_key_name(std::string_view name)
{
    const auto second = name.rfind('/');
    if (second == std::string_view::npos || second == 0) {
        return std::nullopt;
    }
    const auto first = name.rfind('/', second - 1);
    if (first == std::string_view::npos || first == 0) {
        return std::nullopt;
    }
    const auto from = from_rfc3339(name.substr(first + 1, second - first - 1));
    const auto until = from_rfc3339(name.substr(second + 1));
    if (!from || !until || !(*from < *until)) {
        return std::nullopt;
    }
    KeyPeriod period{std::string{name.substr(0, first)}, *from, *until};
    return key_name(period) == name ? std::optional{std::move(period)} : std::nullopt;
}

WallTime expiry(const KeyPeriod& period, seconds keep) noexcept
{
    constexpr std::int64_t end = std::numeric_limits<std::int64_t>::max();
    if (keep.count() > (end - std::max<std::int64_t>(period.until.nanoseconds, 0)) / second_ns) {
        return WallTime{end};
    }
    return WallTime{period.until.nanoseconds + keep.count() * second_ns};
}

} // namespace sealstream
