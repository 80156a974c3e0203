#include "core/base/log.hpp"

#include "core/base/clock.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>

namespace sealstream {

namespace {

constexpr std::chrono::seconds repeat_interval{10};
constexpr std::size_t repeat_events_max = 1024; // beyond it, new event names are not limited

struct Repeat {
    Monotonic last{};
    std::uint64_t suppressed{0};
};

struct State {
    std::mutex mutex;
    std::map<std::string, Repeat, std::less<>> repeats;
    LogSink sink;
};

// The one process-wide state: a logger must work before and after everything else.
State& state()
{
    static State* const instance = new State;
    return *instance;
}

std::atomic<Level> threshold{Level::info};

constexpr std::array<std::string_view, 5> level_names{"trace", "debug", "info", "warn", "error"};

} // namespace

void set_log_level(Level level) noexcept
{
    threshold.store(level, std::memory_order_relaxed);
}

bool is_logged(Level level) noexcept
{
    return level >= threshold.load(std::memory_order_relaxed);
}

std::optional<Level> parse_level(std::string_view text) noexcept
{
    for (std::size_t at = 0; at < level_names.size(); ++at) {
        if (text == level_names[at]) {
            return static_cast<Level>(at);
        }
    }
    return std::nullopt;
}

void set_log_sink(LogSink sink)
{
    State& shared = state();
    const std::lock_guard lock{shared.mutex};
    shared.sink = std::move(sink);
    shared.repeats.clear();
}

void log(Level level, std::string_view event, std::string_view module,
         std::initializer_list<LogField> fields)
{
    if (!is_logged(level)) {
        return;
    }
    const SystemClock clock;
    State& shared = state();
    const std::lock_guard lock{shared.mutex};
    std::uint64_t suppressed = 0;
    if (!shared.sink && level >= Level::info) {
        const auto found = shared.repeats.find(event);
        if (found != shared.repeats.end()) {
            if (clock.monotonic() - found->second.last < repeat_interval && level != Level::error) {
                ++found->second.suppressed;
                return;
            }
            suppressed = std::exchange(found->second.suppressed, 0);
            found->second.last = clock.monotonic();
        } else if (shared.repeats.size() < repeat_events_max) {
            shared.repeats.emplace(event, Repeat{clock.monotonic(), 0});
        }
    }
    boost::json::object line;
    line["ts"] = to_rfc3339(clock.wall());
    line["level"] = level_names[static_cast<std::size_t>(level)];
    line["event"] = event;
    line["module"] = module;
    for (const auto& [key, value] : fields) {
        line[key] = value;
    }
    if (suppressed != 0) {
        line["suppressed"] = suppressed;
    }
    std::string text = boost::json::serialize(line);
    if (shared.sink) {
        shared.sink(level, event, text);
        return;
    }
    text.push_back('\n');
    std::fwrite(text.data(), 1, text.size(), stderr);
}

} // namespace sealstream
