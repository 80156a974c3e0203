#pragma once

// What a projector does after a step: go on, wait, or stop for good. Pure.

#include "core/async/backoff.hpp"
#include "core/base/error.hpp"

namespace sealstream {

enum class NextStep : std::uint8_t {
    go_on,  // at once
    retry,  // after `wait`; the cursor is read again
    fenced, // another projector has taken over: stop, without alarm
    halt,   // a person must act: stop, visibly
    stop,   // we are shutting down
};

struct Pace {
    NextStep verdict{NextStep::go_on};
    std::chrono::milliseconds wait{0};
};

class Pacing {
public:
    explicit Pacing(BackoffOptions options) : backoff_{options} {}

    void succeeded() noexcept { backoff_.reset(); }
    [[nodiscard]] Pace after(const Error& failure);
    [[nodiscard]] static NextStep verdict(const Error& failure) noexcept;

private:
    Backoff backoff_;
};

} // namespace sealstream
