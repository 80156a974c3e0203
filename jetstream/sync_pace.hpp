#pragma once

// How fast a server that syncs every write takes single publishes, and so when appends should share
// a batch. It serves them one after the other, each with a sync of its own; a batch has a fixed
// cost and a few syncs, whatever is in it. How long a sync takes differs a hundredfold between
// disks, and on one disk from hour to hour, so it is measured: the time between two answers while
// others wait.

#include "core/base/clock.hpp"

#include <cstddef>

namespace sealstream::jetstream {

class SyncPace {
public:
    // A publish that was sent at `sent` has been answered.
    void answered(Monotonic sent, Monotonic now) noexcept
    {
        if (last_answer_ > sent) { // else the server was idle in between
            constexpr double weight = 1.0 / 32;
            const auto took = std::chrono::duration<double>(now - last_answer_).count();
            seconds_ += is_known_ ? weight * (took - seconds_) : took;
            is_known_ = true;
        }
        last_answer_ = now;
    }

    // Whether waiting for `in_flight` single publishes takes longer than a batch.
    [[nodiscard]] bool prefers_batch(std::size_t in_flight) const noexcept
    {
        constexpr double batch_seconds = 0.005;
        constexpr double batch_syncs = 8;
        return is_known_ &&
               (static_cast<double>(in_flight) - batch_syncs) * seconds_ > batch_seconds;
    }

private:
    Monotonic last_answer_{};
    double seconds_{0}; // of one publish
    bool is_known_{false};
};

} // namespace sealstream::jetstream
