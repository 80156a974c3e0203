#include "jetstream/consumer_feed.hpp"

#include "core/base/log.hpp"
#include "jetstream/message.hpp"
#include "jetstream/stream_admin.hpp"

#include <boost/json/serialize.hpp>

#include <charconv>

namespace sealstream::jetstream {

namespace json = boost::json;

namespace {

constexpr std::size_t pulls_max = 2;
constexpr BackoffOptions reopening{std::chrono::milliseconds{20}, std::chrono::milliseconds{1000}};

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

// Also the usual end of a pull whose bytes are used up; of one that has brought nothing it says
// that the next event is larger than a whole pull.
bool is_about_bytes(const Message& message)
{
    return message.header("Description").find("MaxBytes") != std::string_view::npos;
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
      received_{after},
      reopening_{reopening}
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
    forget_consumer();
    subscription_.reset();
    arrived_.notify_all();
}

// Best effort: an inactive consumer goes away by itself, but until then it counts against the
// server's limit.
void ConsumerFeed::forget_consumer() noexcept
{
    if (consumer_.empty()) {
        return;
    }
    const auto ignored =
        connection_.publish("$JS.API.CONSUMER.DELETE." + stream_ + "." + consumer_, {}, {}, {});
    static_cast<void>(ignored);
    consumer_.clear();
}

void ConsumerFeed::break_off(std::string_view why)
{
    if (std::exchange(is_open_, false)) {
        log(Level::debug, "feed.reopens", "jetstream", {{"stream", stream_}, {"why", why}});
        open_from_ = std::chrono::steady_clock::now() + reopening_.next();
    }
    forget_consumer();
    subscription_.reset();
    pulls_open_ = 0;
    arrived_.notify_all();
}

// A leader that was just elected may not have applied yet what we have read already.
bool ConsumerFeed::is_behind_for_long()
{
    const auto now = std::chrono::steady_clock::now();
    behind_since_ = behind_since_.value_or(now);
    return now - *behind_since_ > options_.settle_timeout;
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
    if (state->last_sequence < received_.value && state->replicas > 1 && !is_behind_for_long()) {
        co_return Error{Errc::unavailable, "the stream's leader has not caught up yet"};
    }
    if (state->last_sequence < received_.value) {
        co_return Error{Errc::corrupt, "the log has gone back: it ends at " +
                                           std::to_string(state->last_sequence) +
                                           ", but position " + std::to_string(received_.value) +
                                           " was read"};
    }
    behind_since_.reset();
    forget_consumer(); // one whose making had no answer
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
    is_next_large_ = false;
    pulls_open_ = 0;
    counted_ = 0;
    last_sign_ = std::chrono::steady_clock::now();
    last_event_ = last_sign_;
    co_return Result<void>{};
}

bool ConsumerFeed::may_pull() const noexcept
{
    const std::size_t most = is_next_large_ ? 1 : pulls_max;
    return is_open_ && pulls_open_ < most && buffer_.size() < options_.buffered_events_max &&
           buffered_bytes_ < options_.buffered_bytes_max;
}

void ConsumerFeed::pull()
{
    while (may_pull()) {
        const Pull next{is_next_large_ ? 1 : options_.pull_events, 0, !is_next_large_};
        json::object request{
            {"batch", next.wanted},
            {"expires", std::chrono::nanoseconds{options_.pull_expires}.count()},
            {"idle_heartbeat", std::chrono::nanoseconds{options_.heartbeat}.count()}};
        if (next.is_bounded) {
            request["max_bytes"] = options_.pull_bytes;
        }
        const auto sent =
            connection_.publish("$JS.API.CONSUMER.MSG.NEXT." + stream_ + "." + consumer_,
                                prefix_ + std::to_string(next_pull_), {}, json::serialize(request));
        if (!sent) {
            return break_off("a pull request could not be sent");
        }
        if (pulls_open_ == 0) {
            last_sign_ = std::chrono::steady_clock::now(); // nothing was asked: none was due
            last_event_ = last_sign_;
        }
        ++pulls_open_;
        pulls_[next_pull_++ % pulls_.size()] = next;
    }
}

// The token after the prefix numbers the pull.
ConsumerFeed::Pull& ConsumerFeed::pull_of(const Message& message)
{
    std::uint64_t number = 0;
    const auto token = message.subject().substr(std::min(message.subject().size(), prefix_.size()));
    std::from_chars(token.data(), token.data() + token.size(), number);
    return pulls_[number % pulls_.size()];
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
    buffered_bytes_ += record.record.size();
    buffer_.push_back(std::move(record));
    received_ = Position{delivery.sequence};
    last_event_ = last_sign_;
    pending_ = delivery.pending;
    is_next_large_ = false;
    reopening_.reset();
    Pull& brought_by = pull_of(message);
    if (++brought_by.delivered == brought_by.wanted) { // used up
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

void ConsumerFeed::on_status(const Message& message, std::string_view status)
{
    if (status == "100") {
        return; // heartbeat
    }
    if (status == "404" || status == "408" || status == "409") {
        // This pull is over (nothing came, its bytes are used up, or the server moves): ask again.
        if (pulls_open_ > 0) {
            --pulls_open_;
        }
        const Pull& refused = pull_of(message);
        if (status == "409" && refused.delivered == 0) {
            ++refusals_;
            is_next_large_ = is_next_large_ || (refused.is_bounded && is_about_bytes(message));
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
        buffered_bytes_ -= buffer_.front().record.size();
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
        if (is_open_ && buffer_.empty() && pending_ > 0 && now - last_event_ > options_.stall) {
            break_off("nothing comes of what is pending");
        }
        if (!is_open_ && now < open_from_) {
            co_await arrived_.wait_for(open_from_ - now);
            continue;
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
                open_from_ = std::chrono::steady_clock::now() + reopening_.next();
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
