#pragma once

// How fast a server takes single publishes and atomic batches, and so when appends should share a
// batch and how long a batch should wait for company. A server that syncs every write serves single
// publishes one after the other, each with a sync of its own; a batch has a fixed cost and a few
// syncs, whatever is in it. How long a sync takes differs a hundredfold between disks, and on one
// disk from hour to hour, so both are measured: the time between two answers while others wait.

#include "core/base/clock.hpp"

#include <algorithm>
#include <cstddef>

namespace sealstream::jetstream {

class SyncPace {
public:
    static constexpr std::size_t probes_max = 8; // single publishes sent to learn their pace anew
    static constexpr std::size_t turns_max = 8;
    static constexpr std::chrono::seconds stale_after{1};

    // A publish that was sent at `sent` has been answered; `waiting` others were not. One that was
    // alone says more of the way to the server than of the server. Answers come in bursts, so only
    // as many as were in flight together say something.
    void answered(Monotonic sent, Monotonic now, std::size_t waiting) noexcept
    {
        if (last_answer_ > sent || waiting > 0) {
            window_size_ = window_count_ == 0 ? std::max(waiting + 1, probes_max) : window_size_;
            window_ += now - std::max(sent, last_answer_);
            if (++window_count_ >= window_size_) {
                single_.add(window_ / window_count_);
                window_ = {};
                window_count_ = 0;
            }
        }
        last_answer_ = now;
        last_single_ = now;
    }

    // A batch that was sent at `sent` has been answered.
    void batch_answered(Monotonic sent, Monotonic now) noexcept
    {
        batch_.add(now - std::max(sent, last_answer_));
        last_answer_ = now;
    }

    // Whether waiting for `in_flight` single publishes takes longer than a batch.
    [[nodiscard]] bool prefers_batch(std::size_t in_flight) const noexcept
    {
        constexpr double batch_seconds = 0.005; // on one replica, until we know better
        constexpr double batch_syncs = 8;
        // While a batch is made and its answers are told, the server idles; with single publishes
        // it does not.
        constexpr double idle = 1.25;
        const double batch =
            batch_.is_known ? idle * batch_.seconds : batch_seconds + batch_syncs * single_.seconds;
        return single_.is_known && static_cast<double>(in_flight) * single_.seconds > batch;
    }

    // Whether `waiting` appends to one stream should go one after the other, each waiting for the
    // answer to the one before it, while `in_flight` publishes are on their way, theirs among them:
    // a batch would keep all of these waiting. More than a few share a batch all the same: another
    // node may write to the stream, too, and a batch meets it once.
    [[nodiscard]] bool prefers_turns(std::size_t waiting, std::size_t in_flight) const noexcept
    {
        return waiting <= turns_max && !prefers_batch(in_flight);
    }

    // Whether single publishes were last measured so long ago that some should be sent to see.
    [[nodiscard]] bool is_stale(Monotonic now) const noexcept
    {
        return now - last_single_ > stale_after;
    }

    // How long a batch may wait for those that the last one served: they mostly come again at once,
    // and a batch without them costs as much as one with them.
    [[nodiscard]] std::chrono::nanoseconds patience() const noexcept
    {
        constexpr double part = 0.25;
        constexpr double seconds_max = 0.005;
        const double seconds = std::min(part * batch_.seconds, seconds_max);
        return std::chrono::nanoseconds{static_cast<std::int64_t>(seconds * 1e9)};
    }

private:
    struct Average {
        double seconds{0};
        bool is_known{false};

        void add(Monotonic::duration took) noexcept
        {
            constexpr double weight = 1.0 / 8;
            const double value = std::chrono::duration<double>(took).count();
            seconds += is_known ? weight * (value - seconds) : value;
            is_known = true;
        }
    };

    Monotonic last_answer_{}; // of either: the server serves them in order
    Monotonic last_single_{};
    Monotonic::duration window_{}; // of single publishes
    std::size_t window_count_{0};
    std::size_t window_size_{0};
    Average single_; // of one publish among others
    Average batch_;
};

} // namespace sealstream::jetstream
