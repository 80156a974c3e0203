#pragma once

// Publishes with acknowledgements of our own: one wildcard inbox, and a ring of slots; the last
// token of the reply subject names slot and generation, so an answer finds its sender without a
// map, and a late answer of a former use is told apart. Every publish is answered exactly once: by
// the server, by the deadline, or by the loss of the connection (both Ack::Kind::lost).

#include "core/async/stop.hpp"
#include "jetstream/ack.hpp"
#include "jetstream/connection.hpp"

namespace sealstream::jetstream {

class Publisher {
public:
    using OnAck = std::function<void(Ack)>; // called at home, never from within publish()

    struct Outgoing {
        std::string subject;
        std::vector<Header> headers; // values must live until publish() returns
        std::string_view payload;
    };

    // `slots` is the most publishes without an answer. Call start() before anything else.
    Publisher(Connection& connection, boost::asio::any_io_executor home, std::size_t slots,
              std::chrono::milliseconds timeout);
    ~Publisher();

    [[nodiscard]] Result<void> start();

    // One message, answered for itself.
    //   overloaded    no free slot: nothing was sent
    //   unavailable   not connected: nothing was sent
    [[nodiscard]] Result<void> publish(const Outgoing& message, OnAck on_ack);

    // An atomic batch (ADR-50), written in one go, answered once. 1 <= size <= 1000. An error after
    // the first message went out is reported through `on_ack` as lost; the server drops such a
    // batch unfinished.
    [[nodiscard]] Result<void> publish_batch(std::span<const Outgoing> messages, OnAck on_ack);

    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

    // Answers all that wait with `lost`; for a broken connection.
    void lose_all();
    void close();

private:
    struct Slot {
        OnAck on_ack;
        Monotonic deadline{};
        std::uint32_t generation{0};
    };

    [[nodiscard]] Result<std::string> take_slot(OnAck on_ack, std::size_t& index);
    void answer(std::size_t index, Ack ack);
    void on_message(std::string_view subject, std::string_view data, bool is_no_responders);
    void release(std::size_t index);
    void arm_sweep();
    void sweep();

    Connection& connection_;
    std::chrono::milliseconds timeout_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::size_t in_flight_{0};
    std::string prefix_;
    std::string batch_prefix_;
    std::uint64_t next_batch_{0};
    std::unique_ptr<Subscription> answers_;
    boost::asio::steady_timer sweeper_;
    bool is_sweeping_{false};
    std::shared_ptr<bool> is_alive_{std::make_shared<bool>(true)};
};

} // namespace sealstream::jetstream
