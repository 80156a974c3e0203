#include "jetstream/publisher.hpp"

#include "core/base/clock.hpp"
#include "jetstream/message.hpp"

#include <array>
#include <charconv>

namespace sealstream::jetstream {

namespace {

// nats-server answers nothing at all to what it can not write.
constexpr auto silent =
    "no answer in time; its servers have no quorum, or the disk of the one that "
    "leads it is full (their logs and /healthz tell)";

constexpr std::chrono::milliseconds sweep_interval{100};

} // namespace

Publisher::Publisher(Connection& connection, boost::asio::any_io_executor home, std::size_t slots,
                     std::chrono::milliseconds timeout)
    : connection_{connection},
      timeout_{timeout},
      slots_(slots),
      sweeper_{std::move(home)}
{
    free_.reserve(slots);
    for (std::size_t index = slots; index-- > 0;) {
        free_.push_back(static_cast<std::uint32_t>(index));
    }
}

Publisher::~Publisher()
{
    close();
}

Result<void> Publisher::start()
{
    prefix_ = connection_.new_inbox() + ".";
    batch_prefix_ = prefix_.substr(prefix_.find('.') + 1);
    auto subscribed = connection_.subscribe(prefix_ + "*", [this](const Message& message) {
        on_message(message.subject(), message.data(), message.is_no_responders());
    });
    if (!subscribed) {
        return subscribed.error();
    }
    answers_ = *std::move(subscribed);
    return {};
}

Result<std::string> Publisher::take_slot(OnAck on_ack, std::size_t& index)
{
    if (free_.empty()) {
        return Error{Errc::overloaded, "too many publishes wait for their answer"};
    }
    index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    slot.on_ack = std::move(on_ack);
    slot.deadline = std::chrono::steady_clock::now() + timeout_;
    ++in_flight_;
    arm_sweep();
    return prefix_ + std::to_string(index) + "-" + std::to_string(slot.generation);
}

void Publisher::release(std::size_t index)
{
    Slot& slot = slots_[index];
    slot.on_ack = nullptr;
    ++slot.generation;
    free_.push_back(static_cast<std::uint32_t>(index));
    --in_flight_;
}

void Publisher::answer(std::size_t index, Ack ack)
{
    const OnAck on_ack = std::move(slots_[index].on_ack);
    release(index);
    on_ack(std::move(ack));
}

Result<void> Publisher::publish(const Outgoing& message, OnAck on_ack)
{
    std::size_t index = 0;
    const auto reply = take_slot(std::move(on_ack), index);
    if (!reply) {
        return reply.error();
    }
    const auto sent =
        connection_.publish(message.subject, *reply, message.headers, message.payload);
    if (!sent) {
        release(index);
    }
    return sent;
}

Result<void> Publisher::publish_batch(std::span<const Outgoing> messages, OnAck on_ack)
{
    std::size_t index = 0;
    const auto reply = take_slot(std::move(on_ack), index);
    if (!reply) {
        return reply.error();
    }
    const std::string batch_id = batch_prefix_ + std::to_string(next_batch_++);
    std::vector<Header> headers;
    for (std::size_t at = 0; at < messages.size(); ++at) {
        const Outgoing& message = messages[at];
        const bool is_last = at + 1 == messages.size();
        const std::string number = std::to_string(at + 1);
        headers = message.headers;
        headers.push_back({"Nats-Batch-Id", batch_id.c_str()});
        headers.push_back({"Nats-Batch-Sequence", number.c_str()});
        if (is_last) {
            headers.push_back({"Nats-Batch-Commit", "1"});
        }
        const auto sent = connection_.publish(message.subject, is_last ? *reply : std::string{},
                                              headers, message.payload);
        if (!sent) {
            // Without its commit the server never stores the batch, so nothing has happened.
            release(index);
            return sent.error();
        }
    }
    return {};
}

void Publisher::on_message(std::string_view subject, std::string_view data, bool is_no_responders)
{
    std::string_view token = subject.substr(std::min(subject.size(), prefix_.size()));
    std::size_t index = 0;
    std::uint32_t generation = 0;
    const auto [dash, bad_index] =
        std::from_chars(token.data(), token.data() + token.size(), index);
    if (bad_index != std::errc{} || dash == token.data() + token.size() || index >= slots_.size()) {
        return;
    }
    std::from_chars(dash + 1, token.data() + token.size(), generation);
    if (!slots_[index].on_ack || slots_[index].generation != generation) {
        return; // an answer that came after its deadline
    }
    Ack ack = parse_ack(data, is_no_responders);
    if (ack.kind == Ack::Kind::stored) {
        connection_.answered(Asked::publish);
    } else if (ack.kind == Ack::Kind::transient) {
        connection_.unanswered(Asked::publish, slots_[index].deadline - timeout_);
    }
    answer(index, std::move(ack));
}

void Publisher::arm_sweep()
{
    if (is_sweeping_) {
        return;
    }
    is_sweeping_ = true;
    sweeper_.expires_after(sweep_interval);
    sweeper_.async_wait([this, alive = is_alive_](boost::system::error_code) {
        if (*alive) {
            sweep();
        }
    });
}

void Publisher::sweep()
{
    is_sweeping_ = false;
    const auto now = std::chrono::steady_clock::now();
    for (std::size_t index = 0; index < slots_.size() && in_flight_ != 0; ++index) {
        if (slots_[index].on_ack && slots_[index].deadline < now) {
            connection_.unanswered(Asked::publish, slots_[index].deadline - timeout_);
            answer(index, Ack{Ack::Kind::lost, 0, 0, 0, silent});
        }
    }
    if (in_flight_ != 0) {
        arm_sweep();
    }
}

void Publisher::lose_all()
{
    for (std::size_t index = 0; index < slots_.size() && in_flight_ != 0; ++index) {
        if (slots_[index].on_ack) {
            answer(index, Ack{Ack::Kind::lost, 0, 0, 0, "the connection broke"});
        }
    }
}

void Publisher::close()
{
    *is_alive_ = false;
    answers_.reset();
    sweeper_.cancel();
}

} // namespace sealstream::jetstream
