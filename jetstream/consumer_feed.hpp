#pragma once

// A feed by pull requests on a consumer of its own, without acknowledgements: the reader keeps its
// cursor, so the server keeps nothing that matters, and a lost consumer is made anew where the
// reader is. Two pull requests overlap, so that the server never waits for us between them.
//
// Invariants
//   1. What next() returns follows directly on what it returned before.
//   2. A hole in the delivery makes a new consumer; a hole in the log is `corrupt`. With a filter
//      positions jump, so there only the consumer's own count shows what was lost on the way.
//   3. An event that is larger than what a pull may bring is asked for alone, without that bound.

#include "core/async/backoff.hpp"
#include "core/ports/feed.hpp"
#include "jetstream/connection.hpp"

#include <deque>

namespace sealstream::jetstream {

class ConsumerFeed final : public Feed {
public:
    ConsumerFeed(Connection& connection, std::string stream, std::string incarnation,
                 Position after, std::vector<std::string> subjects, FeedOptions options,
                 std::chrono::milliseconds request_timeout, boost::asio::any_io_executor home,
                 std::shared_ptr<void> owner);
    ~ConsumerFeed() override;

    [[nodiscard]] Task<Result<FeedBatch>> next(std::size_t events_max,
                                               std::chrono::milliseconds wait) override;
    void close() noexcept override;

private:
    static constexpr unsigned refusals_max = 20; // pulls in a row without an event between

    struct Pull {
        std::size_t wanted{0};
        std::size_t delivered{0};
        bool is_bounded{true}; // in bytes
    };

    [[nodiscard]] Task<Result<void>> open();
    [[nodiscard]] bool is_behind_for_long();
    void pull();
    [[nodiscard]] bool may_pull() const noexcept;
    [[nodiscard]] Pull& pull_of(const Message& message);
    void forget_consumer() noexcept;
    void on_message(const Message& message);
    [[nodiscard]] bool is_next(std::uint64_t sequence, std::uint64_t count);
    void on_status(const Message& message, std::string_view status);
    void break_off(std::string_view why);
    [[nodiscard]] FeedBatch take(std::size_t events_max);

    std::shared_ptr<void> owner_; // the connection
    Connection& connection_;
    std::string stream_;
    std::string incarnation_;
    std::vector<std::string> subjects_; // of the filter; empty: the whole log
    FeedOptions options_;
    std::chrono::milliseconds request_timeout_;
    Notifier arrived_;

    Position taken_;           // last returned
    Position received_;        // last buffered
    std::uint64_t counted_{0}; // by this consumer, of what it has sent
    std::deque<StoredRecord> buffer_;
    std::size_t buffered_bytes_{0};
    std::string consumer_;
    std::string prefix_; // inbox of this consumer's pulls
    std::unique_ptr<Subscription> subscription_;
    std::size_t pulls_open_{0};
    std::uint64_t next_pull_{0};
    std::array<Pull, 8> pulls_{}; // the latest
    bool is_next_large_{false};   // larger than a pull may bring
    unsigned refusals_{0};
    Backoff reopening_; // between a consumer that broke off without an event, and the next
    Monotonic open_from_{};
    std::optional<Monotonic> behind_since_; // the stream is said to end before what we have read
    std::uint64_t hole_at_{0};
    unsigned hole_tries_{0};
    std::uint64_t pending_{1}; // what the server still has for us, as far as we know
    Monotonic last_sign_{};    // of life
    Monotonic last_event_{};   // or when the first of the pulls that are open was sent
    bool is_open_{false};
    bool is_closed_{false};
    std::optional<Error> fatal_;
};

} // namespace sealstream::jetstream
