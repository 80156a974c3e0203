#pragma once

// Structured log: one JSON object a line on standard error.
//
//   log(Level::warn, "nats.disconnected", "jetstream", {{"url", url}});
//
// `event` is a constant such as "append.rejected"; values are fields, texts are never composed.
// Levels by who acts: error = a person must act now; warn = degraded, heals itself; info = rare
// life-cycle facts; debug = per batch; trace = per event. Payloads, keys, tokens and connection
// strings are never logged. An event that repeats is written at once, then at most every ten
// seconds, with the count it stands for. Safe from any thread.

#include <boost/json/value.hpp>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace sealstream {

enum class Level : std::uint8_t { trace, debug, info, warn, error };

struct LogField {
    // Text, numbers, booleans and JSON values alike.
    template <class T>
    LogField(std::string_view name, const T& from) : key{name}
    {
        if constexpr (std::is_convertible_v<const T&, std::string_view>) {
            value = boost::json::string_view{std::string_view{from}.data(),
                                             std::string_view{from}.size()};
        } else {
            value = from;
        }
    }

    std::string_view key;
    boost::json::value value;
};

void log(Level level, std::string_view event, std::string_view module,
         std::initializer_list<LogField> fields = {});

void set_log_level(Level level) noexcept;
// Whether a line of this level would be written: spares making fields that nobody reads.
[[nodiscard]] bool is_logged(Level level) noexcept;
[[nodiscard]] std::optional<Level> parse_level(std::string_view text) noexcept;

// Where lines go; tests capture them. Empty means standard error. Lines come without a line feed.
using LogSink = std::function<void(Level, std::string_view event, std::string_view line)>;
void set_log_sink(LogSink sink);

} // namespace sealstream
