#pragma once

// What the append path holds while it works. Only sources of the append path include this.

#include "jetstream/appender.hpp"

namespace sealstream::jetstream {

// One call of append(), until it is completed.
struct Appender::Operation {
    std::vector<StreamAppend> batch;
    std::size_t events{0};
    std::function<void(Result<Appended>)> on_done;
    Monotonic deadline{};
    unsigned tries{0};
    bool must_go_alone{false};    // a batch with it failed for one of its members
    bool is_guess_refused{false}; // read the head before the next try
    bool may_be_stored{false};    // an answer was lost
    std::string last_trouble;
};

// Events of one or more operations on their way to the server: one publish, or one atomic batch.
struct Appender::Flight {
    struct Item {
        const Operation* operation;
        Event event;
        Position expected_position; // the condition, on the first event of a stream
        bool is_first_of_stream;
    };
    struct Touched {
        StreamName stream;
        StreamHead head; // after this flight
    };

    std::vector<OperationPtr> operations;
    std::vector<Item> items;
    std::vector<Touched> touched;
    std::unordered_map<StreamName, std::size_t> places; // into touched
    std::size_t bytes{0};
    bool is_plain{false}; // not counted as a batch in flight
    bool is_finished{false};

    [[nodiscard]] std::size_t events() const noexcept { return items.size(); }

    [[nodiscard]] Touched* find(const StreamName& stream)
    {
        const auto found = places.find(stream);
        return found != places.end() ? &touched[found->second] : nullptr;
    }

    [[nodiscard]] std::vector<StreamName> streams() const
    {
        std::vector<StreamName> names;
        names.reserve(touched.size());
        for (const Touched& one : touched) {
            names.push_back(one.stream);
        }
        return names;
    }

    // Seals the drafts of `append` onto `head` and takes them in.
    void add(const OperationPtr& operation, const StreamAppend& append, StreamHead head,
             bool is_chained)
    {
        const Position expected = head.position;
        const bool is_new = find(append.stream) == nullptr;
        auto sealed = seal(append, head, is_chained);
        for (std::size_t at = 0; at < sealed.size(); ++at) {
            bytes += sealed[at].draft.data.size() + sealed[at].draft.meta.size() + 300;
            items.push_back({operation.get(), std::move(sealed[at]), expected, is_new && at == 0});
        }
        if (is_new) {
            places.emplace(append.stream, touched.size());
            touched.push_back({append.stream, head});
        } else {
            find(append.stream)->head = head;
        }
    }

    // Gives its place among the batches in flight back, once.
    void finish(std::size_t& batches_in_flight)
    {
        if (!is_plain && !std::exchange(is_finished, true)) {
            --batches_in_flight;
        }
    }
};

} // namespace sealstream::jetstream
