#pragma once

// Captures the log while it lives. An error line means that a person must act, so every error that
// a test did not `expect` fails it (checked by `unexpected_errors()`).

#include "core/base/log.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

namespace sealstream::testing {

class CapturedLog {
public:
    struct Line {
        Level level;
        std::string event;
        std::string text;
    };

    CapturedLog()
    {
        set_log_sink([this](Level level, std::string_view event, std::string_view text) {
            const std::lock_guard lock{mutex_};
            lines_.push_back({level, std::string{event}, std::string{text}});
        });
    }
    ~CapturedLog() { set_log_sink({}); }
    CapturedLog(const CapturedLog&) = delete;
    CapturedLog& operator=(const CapturedLog&) = delete;

    void expect(std::string event) { expected_.push_back(std::move(event)); }

    [[nodiscard]] std::size_t count(std::string_view event) const
    {
        const std::lock_guard lock{mutex_};
        return static_cast<std::size_t>(
            std::count_if(lines_.begin(), lines_.end(),
                          [event](const Line& line) { return line.event == event; }));
    }

    // Whether any line holds this, in any field.
    [[nodiscard]] bool has_text(std::string_view text) const
    {
        const std::lock_guard lock{mutex_};
        return std::any_of(lines_.begin(), lines_.end(), [text](const Line& line) {
            return line.text.find(text) != std::string::npos;
        });
    }

    [[nodiscard]] std::vector<std::string> unexpected_errors() const
    {
        const std::lock_guard lock{mutex_};
        std::vector<std::string> errors;
        for (const Line& line : lines_) {
            const bool is_expected =
                std::find(expected_.begin(), expected_.end(), line.event) != expected_.end();
            if (line.level == Level::error && !is_expected) {
                errors.push_back(line.text);
            }
        }
        return errors;
    }

private:
    mutable std::mutex mutex_;
    std::vector<Line> lines_;
    std::vector<std::string> expected_;
};

} // namespace sealstream::testing
