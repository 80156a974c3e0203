#pragma once

// Who waits for what. A subscriber that has seen everything arms its interest and sleeps; a new
// event wakes those whom it fits and nobody else, found through tables by stream and by type
// instead of by asking every subscriber.
//
// Executor    The I/O thread.
// Promise     While an interest is armed, every event that is offered and does not fit it may be
//             counted as seen; the first one that fits disarms it and is remembered in `match`.

#include "node/feeds/feed_event.hpp"
#include "node/feeds/feed_filter.hpp"

#include <functional>
#include <unordered_map>

namespace sealstream {

struct Interest {
    explicit Interest(FeedFilter wanted) : filter{std::move(wanted)} {}
    Interest(const Interest&) = delete;
    Interest& operator=(const Interest&) = delete;

    const FeedFilter filter;
    std::function<void()> wake{}; // ends the sleep; empty when it does not sleep
    Position match{};             // why it was woken; 0: for another reason
    bool is_armed{false};
};

class InterestTable {
public:
    // `interest` stays where it is until it is removed.
    void add(Interest& interest);
    void remove(Interest& interest) noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    void offer(const FeedEvent& event);

private:
    using Group = std::vector<Interest*>;
    [[nodiscard]] static bool is_of_stream(const FeedFilter& filter);
    [[nodiscard]] static bool is_of_types(const FeedFilter& filter);
    static void offer(const Group& group, const FeedEvent& event);

    std::unordered_map<StreamName, Group> by_stream_;
    std::unordered_map<std::string, Group> by_type_;
    Group others_;
    std::size_t size_{0};
};

} // namespace sealstream
