#pragma once

// When a connection that stands is worth less than one to another server: a server that a network
// parts from its peers keeps its clients, answers their pings, and can store nothing for them.
// Pure.

#include "core/base/clock.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

namespace sealstream::jetstream {

// For one kind of question, because a server that is alone still answers some of them.
class ServerPatience {
public:
    explicit ServerPatience(std::chrono::milliseconds base) : base_{base}, now_{base} {}

    // An answer that only servers with a quorum can give.
    void answered() noexcept
    {
        silent_since_.reset();
        now_ = base_;
    }

    // No answer to what was asked at `asked`, or one that says that there is no quorum. True when
    // nothing was answered for so long that the server is to be left now; the next one is given
    // twice the time, up to eight times the first: perhaps none of them has a quorum.
    [[nodiscard]] bool unanswered(Monotonic asked, Monotonic now) noexcept
    {
        silent_since_ = std::min(silent_since_.value_or(asked), asked);
        if (now - *silent_since_ < now_) {
            return false;
        }
        silent_since_.reset();
        now_ = std::min(now_ * 2, base_ * 8);
        return true;
    }

    // Another server is asked from now on.
    void begin_anew() noexcept { silent_since_.reset(); }

private:
    std::chrono::milliseconds base_;
    std::chrono::milliseconds now_;
    std::optional<Monotonic> silent_since_;
};

} // namespace sealstream::jetstream
