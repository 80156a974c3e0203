#include "node/cli/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <unistd.h>

namespace sealstream::cli {

namespace {

constexpr std::chrono::milliseconds quiet_at_first{300};
constexpr std::chrono::milliseconds redraw_interval{100};
constexpr std::chrono::seconds line_interval{10};
constexpr std::size_t bar_cells = 24;

} // namespace

std::string grouped(std::uint64_t number)
{
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3; at -= 3) {
        text.insert(at - 3, ",");
    }
    return text;
}

std::string progress_line(const std::string& what, std::uint64_t done, std::uint64_t total,
                          double seconds)
{
    const double share = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
    const auto cells = static_cast<std::size_t>(std::min(share, 1.0) * bar_cells);
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    const double left = rate > 0 && total > done ? static_cast<double>(total - done) / rate : 0;
    std::string line =
        what + " [" + std::string(cells, '=') + std::string(bar_cells - cells, ' ') + "] ";
    line += grouped(done) + " of " + grouped(total) + ", " +
            grouped(static_cast<std::uint64_t>(rate)) + "/s";
    if (left >= 1) {
        line += ", " + grouped(static_cast<std::uint64_t>(left)) + " s left";
    }
    return line;
}

void Progress::show(std::uint64_t done, std::uint64_t total)
{
    const auto now = std::chrono::steady_clock::now();
    const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
    const std::chrono::nanoseconds interval = is_terminal
                                                  ? std::chrono::nanoseconds{redraw_interval}
                                                  : std::chrono::nanoseconds{line_interval};
    const std::chrono::nanoseconds quiet = is_terminal ? std::chrono::nanoseconds{quiet_at_first}
                                                       : std::chrono::nanoseconds{line_interval};
    if (now - began_ < quiet || now - shown_ < interval) {
        return;
    }
    shown_ = now;
    const std::chrono::duration<double> seconds = now - began_;
    const std::string line = progress_line(what_, done, total, seconds.count());
    if (is_terminal) {
        std::cerr << "\r\033[K" << line << std::flush;
        is_drawn_ = true;
    } else {
        std::cerr << line << std::endl;
    }
}

void Progress::clear()
{
    if (std::exchange(is_drawn_, false)) {
        std::cerr << "\r\033[K" << std::flush;
    }
}

} // namespace sealstream::cli
