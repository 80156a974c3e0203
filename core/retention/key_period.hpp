#pragma once

// The time that one key of payloads is for: pure. A class of retention has a key for each period,
// so that the payloads of a period are forgotten together, by destroying one key.
//
//   kept for           a period lasts     so a payload is readable for
//   10 hours or more   1 hour             its time, and up to a period longer
//   10 minutes or more 1 minute
//   less               1 second
//
// Periods begin at whole multiples of their length since 1970-01-01 UTC.

#include "core/base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sealstream {

struct KeyPeriod {
    std::string retention_class; // "ops.days_30"
    WallTime from;               // inclusive
    WallTime until;              // exclusive

    friend bool operator==(const KeyPeriod&, const KeyPeriod&) = default;
};

[[nodiscard]] std::chrono::seconds period_length(std::chrono::seconds keep) noexcept;

// The period that `now` is in; `length` is positive.
[[nodiscard]] KeyPeriod period_at(std::string retention_class, WallTime now,
                                  std::chrono::seconds length);

// "ops.days_30/2026-11-30T10:00:00Z/2026-11-30T11:00:00Z", and back.
[[nodiscard]] std::string key_name(const KeyPeriod& period);
[[nodiscard]] std::optional<KeyPeriod> parse_key_name(std::string_view name);

// From when on no payload of the period is kept any more; the end of time when that is later.
[[nodiscard]] WallTime expiry(const KeyPeriod& period, std::chrono::seconds keep) noexcept;

} // namespace sealstream
