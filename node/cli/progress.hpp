#pragma once

// Progress on standard error: a bar with rate and time left on a terminal, a line every ten seconds
// elsewhere, nothing before 300 ms.

#include <chrono>
#include <cstdint>
#include <string>

namespace sealstream::cli {

class Progress {
public:
    explicit Progress(std::string what) : what_{std::move(what)} {}
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void show(std::uint64_t done, std::uint64_t total);
    void clear();

private:
    std::string what_;
    std::chrono::steady_clock::time_point began_{std::chrono::steady_clock::now()};
    std::chrono::steady_clock::time_point shown_{};
    bool is_drawn_{false};
};

// "1,234,567"
[[nodiscard]] std::string grouped(std::uint64_t number);

// One line of a bar, pure: `seconds` since the start.
[[nodiscard]] std::string progress_line(const std::string& what, std::uint64_t done,
                                        std::uint64_t total, double seconds);

} // namespace sealstream::cli
