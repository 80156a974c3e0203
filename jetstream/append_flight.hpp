#pragma once

// What the append path holds while it works. Only sources of the append path include this.

#include "jetstream/appender.hpp"

#include <algorithm>

namespace sealstream::jetstream {

// One call of append(), until it is completed.
struct Appender::Operation {
    AppendRequest request;
    std::size_t events{0};
    std::size_t bytes{0};
    std::function<void(Result<Appended>)> on_done;
    Monotonic deadline{};
    Monotonic send_until{Monotonic::max()}; // later the server may have forgotten our ids
    unsigned tries{0};
    bool must_go_alone{false};    // a batch with it failed for one of its members
    bool is_guess_refused{false}; // read the head before the next try
    bool may_be_stored{false};    // an answer was lost
    bool is_head_sure{false};     // a leader with a quorum was asked after it was doubted
    std::string last_trouble;

    // The streams that it appends to, then those that it only checks.
    [[nodiscard]] std::vector<StreamName> streams() const;
    [[nodiscard]] const Expected& expected_at(std::size_t stream) const;

    // What it adds to a batch at most: a message carries one condition.
    [[nodiscard]] std::size_t messages() const noexcept
    {
        return std::max(events, request.appends.size() + request.checks.size());
    }
};

// Events of one or more operations on their way to the server: one publish, or one atomic batch.
struct Appender::Flight {
    struct Item {
        const Operation* operation; // null: it carries a check (check_carrier.hpp)
        Event event;
    };
    struct Touched {
        StreamName stream;
        StreamHead head;                    // after this flight
        Position expected;                  // before it: the condition
        std::optional<std::size_t> first{}; // the first item of it; none where it is only checked
        bool is_pinned{false};              // whether the condition must be sent
    };

    std::vector<OperationPtr> operations;
    std::vector<Item> items;
    std::vector<Touched> touched;
    std::unordered_map<StreamName, std::size_t> places; // into touched
    std::size_t bytes{0};
    Monotonic sent{};
    bool is_plain{false}; // not counted as a batch in flight
    bool is_full{false};  // more waited than it could take
    bool is_finished{false};

    [[nodiscard]] std::size_t messages() const noexcept
    {
        return std::max(items.size(), touched.size());
    }

    [[nodiscard]] Touched* find(const StreamName& stream)
    {
        const auto found = places.find(stream);
        return found != places.end() ? &touched[found->second] : nullptr;
    }

    [[nodiscard]] std::vector<StreamName> streams() const;

    // Seals the drafts of `append` onto `head` and takes them in.
    void add(const OperationPtr& operation, const StreamAppend& append, StreamHead head,
             bool is_chained);

    // Pins the stream, which is at `head` and meets the check.
    void check(const StreamCheck& wanted, const StreamHead& head);

    // For each item the stream whose condition its message carries, or null. A stream that is
    // written has it on its first event; the others ride where there is room, and where there is
    // none, items are added that carry them.
    [[nodiscard]] std::vector<const Touched*> place_conditions(const ChainPolicy& chain);

    // Gives its place among the batches in flight back, once.
    void finish(std::size_t& batches_in_flight)
    {
        if (!is_plain && !std::exchange(is_finished, true)) {
            --batches_in_flight;
        }
    }

private:
    [[nodiscard]] Touched& touch(const StreamName& stream, const StreamHead& head);
};

} // namespace sealstream::jetstream
