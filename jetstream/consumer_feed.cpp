#include "jetstream/consumer_feed.hpp"

#include "core/async/backoff.hpp"
#include "core/base/log.hpp"
#include "jetstream/message.hpp"
#include "jetstream/stream_admin.hpp"

#include <boost/json/serialize.hpp>

#include <charconv>

namespace sealstream::jetstream {

namespace json = boost::json;

namespace {

constexpr std::size_t pulls_max = 2;

// $JS.ACK.<stream>.<consumer>.<delivered>.<sseq>.<dseq>.<ts>.<pending>, or v2 with domain and
// account hash after ACK (and perhaps a token at the end).
struct Delivery {
    std::uint64_t sequence{0};
    std::uint64_t count{0}; // of the consumer's deliveries
    std::int64_t time_ns{0};
    std::uint64_t pending{0};
};

bool parse_delivery(std::string_view reply, Delivery& delivery)
{
    std::array<std::string_view, 13> tokens{};
    std::size_t count = 0;
    while (count < tokens.size()) {
        const auto dot = reply.find('.');
        tokens[count++] = reply.substr(0, dot);
        if (dot == std::string_view::npos) {
            break;
        }
        reply.remove_prefix(dot + 1);
    }
    if (count < 9 || tokens[0] != "$JS" || tokens[1] != "ACK") {
        return false;
    }
    const std::size_t at = count >= 11 ? 7 : 5; // of the stream sequence
    const auto number = [](std::string_view text, auto& to) {
        return std::from_chars(text.data(), text.data() + text.size(), to).ec == std::errc{};
    };
    return number(tokens[at], delivery.sequence) && number(tokens[at + 1], delivery.count) &&
           number(tokens[at + 2], delivery.time_ns) && number(tokens[at + 3], delivery.pending);
}

} // namespace

ConsumerFeed::ConsumerFeed(Connection& connection, std::string stream, std::string incarnation,
                           Position after, std::vector<std::string> subjects, FeedOptions options,
                           std::chrono::milliseconds request_timeout,
                           boost::asio::any_io_executor home, std::shared_ptr<void> owner)
    : owner_{std::move(owner)},
      connection_{connection},
      stream_{std::move(stream)},
      incarnation_{std::move(incarnation)},
      subjects_{std::move(subjects)},
      options_{options},
      request_timeout_{request_timeout},
      arrived_{std::move(home)},
      taken_{after},
      received_{after}
{
}

ConsumerFeed::~ConsumerFeed()
{
    close();
}

void ConsumerFeed::close() noexcept
{
    if (std::exchange(is_closed_, true)) {
        return;
    }
    if (is_open_) {
        // Best effort: an inactive consumer goes away by itself.
        const auto ignored =
            connection_.publish("$JS.API.CONSUMER.DELETE." + stream_ + "." + consumer_, {}, {}, {});
        static_cast<void>(ignored);
    }
    subscription_.reset();
    arrived_.notify_all();
}

void ConsumerFeed::break_off(std::string_view why)
{
    if (std::exchange(is_open_, false)) {
        log(Level::debug, "feed.reopens", "jetstream", {{"stream", stream_}, {"why", why}});
    }
    subscription_.reset();
    pulls_open_ = 0;
    arrived_.notify_all();
}

Task<Result<void>> ConsumerFeed::open()
{
    const auto state = co_await stream_state(connection_, stream_, request_timeout_);
    if (!state) {
        co_return state.error();
    }
    if (state->incarnation != incarnation_) {
        co_return Error{Errc::corrupt, "the log was deleted and made again (it was made " +
                                           incarnation_ + ", this one " + state->incarnation + ")"};
    }
    if (state->last_sequence < received_.value) {
        co_return Error{Errc::corrupt, "the log has gone back: it ends at " +
                                           std::to_string(state->last_sequence) +
                                           ", but position " + std::to_string(received_.value) +
                                           " was read"};
    }
    prefix_ = connection_.new_inbox() + ".";
    consumer_ = "f" + prefix_.substr(prefix_.find('.') + 1);
    std::replace(consumer_.begin(), consumer_.end(), '.', '-');
    auto subscribed = connection_.subscribe(
        prefix_ + "*", [this](const Message& message) { on_message(message); });
    if (!subscribed) {
        co_return subscribed.error();
    }
    subscription_ = *std::move(subscribed);
    const auto inactive = std::chrono::nanoseconds{options_.inactive_threshold}.count();
    json::object config{{"name", consumer_},
                        {"deliver_policy", "by_start_sequence"},
                        {"opt_start_seq", received_.value + 1},
                        {"ack_policy", "none"},
                        {"replay_policy", "instant"},
                        {"mem_storage", true},
                        {"num_replicas", 1},
                        {"inactive_threshold", inactive}};
    if (!subjects_.empty()) {
        config["filter_subjects"] = json::array(subjects_.begin(), subjects_.end());
    }
    const json::object request{
        {"stream_name", stream_}, {"action", "create"}, {"config", std::move(config)}};
    std::string subject = "$JS.API.CONSUMER.CREATE." + stream_ + "." + consumer_;
    std::string body = json::serialize(request);
    const auto answer =
        co_await connection_.request(std::move(subject), std::move(body), request_timeout_);
    if (!answer) {
        co_return answer.error();
    }
    if (auto failed = api_error(*answer)) {
        co_return *std::move(failed);
    }
    const auto* pending = answer->if_contains("num_pending");
    pending_ = pending != nullptr && pending->is_int64()
                   ? static_cast<std::uint64_t>(pending->as_int64())
                   : 1;
    is_open_ = true;
    pulls_open_ = 0;
    counted_ = 0;
    last_sign_ = std::chrono::steady_clock::now();
    co_return Result<void>{};
}

void ConsumerFeed::pull()
{
    while (is_open_ && pulls_open_ < pulls_max && buffer_.size() < options_.buffered_events_max) {
        const json::object request{
            {"batch", options_.pull_events},
            {"max_bytes", options_.pull_bytes},
            {"expires", std::chrono::nanoseconds{options_.pull_expires}.count()},
            {"idle_heartbeat", std::chrono::nanoseconds{options_.heartbeat}.count()}};
        const auto sent = connection_.publish(
            "$JS.API.CONSUMER.MSG.NEXT." + stream_ + "." + consumer_,
            prefix_ + std::to_string(next_pull_++), {}, json::serialize(request));
        if (!sent) {
            return break_off("a pull request could not be sent");
        }
        ++pulls_open_;
        delivered_[(next_pull_ - 1) % delivered_.size()] = 0;
    }
}

void ConsumerFeed::on_message(const Message& message)
{
    last_sign_ = std::chrono::steady_clock::now();
    Delivery delivery;
    if (!parse_delivery(message.reply(), delivery)) {
        on_status(message, message.is_no_responders() ? "503" : message.status());
        return;
    }
    if (delivery.sequence <= received_.value) {
        return;
    }
    if (!is_next(delivery.sequence, delivery.count)) {
        return break_off("a hole in the delivery");
    }
    StoredRecord record;
    record.position = Position{delivery.sequence};
    record.ingested = WallTime{delivery.time_ns};
    record.record = to_bytes(message.data());
    buffer_.push_back(std::move(record));
    received_ = Position{delivery.sequence};
    pending_ = delivery.pending;
    // The token after the prefix numbers the pull: count what it has brought, to know when it is
    // used up.
    std::uint64_t number = 0;
    const auto token = message.subject().substr(std::min(message.subject().size(), prefix_.size()));
    std::from_chars(token.data(), token.data() + token.size(), number);
    if (++delivered_[number % delivered_.size()] == options_.pull_events) {
        --pulls_open_;
        pull();
    }
    if (buffer_.size() == 1 || pending_ == 0) {
        arrived_.notify_all();
    }
}

bool ConsumerFeed::is_next(std::uint64_t sequence, std::uint64_t count)
{
    if (!subjects_.empty()) {
        return count == ++counted_;
    }
    if (sequence == received_.value + 1) {
        return true;
    }
    // Lost on the way, or missing in the log: a new consumer starting at the hole will tell.
    if (hole_at_ == received_.value + 1 && ++hole_tries_ > 3) {
        fatal_ = Error{Errc::corrupt, "the log has no position " + std::to_string(hole_at_) +
                                          "; the next one is " + std::to_string(sequence)};
    } else if (hole_at_ != received_.value + 1) {
        hole_at_ = received_.value + 1;
        hole_tries_ = 1;
    }
    return false;
}

void ConsumerFeed::on_status(const Message&, std::string_view status)
{
    if (status == "100") {
        return; // heartbeat
    }
    if (status == "404" || status == "408" || status == "409") {
        // This pull is over (nothing came, its bytes are used up, or the server moves): ask again.
        if (pulls_open_ > 0) {
            --pulls_open_;
        }
        if (status == "409") {
            ++refusals_;
        }
        if (refusals_ > refusals_max) {
            refusals_ = 0;
            return break_off("the server keeps refusing pulls");
        }
        pull();
        return;
    }
    break_off("the consumer is gone");
}

FeedBatch ConsumerFeed::take(std::size_t events_max)
{
    FeedBatch batch;
    const std::size_t count = std::min(events_max, buffer_.size());
    batch.records.reserve(count);
    for (std::size_t at = 0; at < count; ++at) {
        batch.records.push_back(std::move(buffer_.front()));
        buffer_.pop_front();
    }
    if (count != 0) {
        taken_ = batch.records.back().position;
        refusals_ = 0;
    }
    batch.is_caught_up = is_open_ && buffer_.empty() && pending_ == 0;
    pull();
    return batch;
}

Task<Result<FeedBatch>> ConsumerFeed::next(std::size_t events_max, std::chrono::milliseconds wait)
{
    const auto start = std::chrono::steady_clock::now();
    const auto deadline = start + wait;
    Backoff backoff{{std::chrono::milliseconds{20}, std::chrono::milliseconds{1000}}};
    while (true) {
        if (is_closed_ || connection_.is_closed()) {
            co_return Error{Errc::shutting_down, {}};
        }
        if (!buffer_.empty()) {
            co_return take(events_max);
        }
        if (fatal_) {
            co_return *fatal_;
        }
        const auto now = std::chrono::steady_clock::now();
        if (is_open_ && now - last_sign_ > 3 * options_.heartbeat) {
            break_off("no sign of life");
        }
        if (!is_open_) {
            const auto opened = co_await open();
            if (!opened && opened.error().code == Errc::corrupt) {
                fatal_ = opened.error();
                continue;
            }
            if (!opened && now - start > options_.patience) {
                co_return with_context(opened.error(), "following the log");
            }
            if (!opened) {
                co_await arrived_.wait_for(backoff.next());
                continue;
            }
            pull();
            continue;
        }
        if (now >= deadline) {
            co_return take(events_max);
        }
        const auto longest = std::min<std::chrono::nanoseconds>(deadline - now, options_.heartbeat);
        co_await arrived_.wait_for(longest);
    }
}

} // namespace sealstream::jetstream
