#include "jetstream/direct_reader.hpp"

#include "core/base/encoding.hpp"
#include "jetstream/message.hpp"
#include "jetstream/stream_admin.hpp"

#include <boost/json/serialize.hpp>

#include <charconv>

namespace sealstream::jetstream {

namespace json = boost::json;

namespace {

std::uint64_t to_number(std::string_view text)
{
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

json::string_view view(const std::string& text)
{
    return {text.data(), text.size()};
}

} // namespace

DirectReader::DirectReader(Connection& connection, std::string stream,
                           boost::asio::any_io_executor home, std::chrono::milliseconds timeout)
    : connection_{connection},
      stream_{std::move(stream)},
      home_{std::move(home)},
      timeout_{timeout}
{
}

Result<void> DirectReader::start()
{
    prefix_ = connection_.new_inbox() + ".";
    auto subscribed = connection_.subscribe(
        prefix_ + "*", [this](const Message& message) { on_message(message); });
    if (!subscribed) {
        return subscribed.error();
    }
    answers_ = *std::move(subscribed);
    return {};
}

void DirectReader::on_message(const Message& message)
{
    const auto found = waiting_.find(message.subject());
    if (found == waiting_.end()) {
        return; // came after its deadline
    }
    Waiting& waiting = *found->second;
    const auto finish = [&waiting] {
        waiting.is_done = true;
        waiting.arrived->notify_all();
    };
    if (message.is_no_responders()) {
        waiting.failed =
            Error{Errc::unavailable, "nobody serves the log: no leader, or it is gone"};
        return finish();
    }
    const auto status = message.status();
    if (status == "204" || status == "404") { // end of batch, no message
        return finish();
    }
    if (!status.empty()) {
        waiting.failed = Error{Errc::unavailable, "direct get answers " + std::string{status}};
        return finish();
    }
    StoredRecord record;
    record.position = Position{to_number(message.header("Nats-Sequence"))};
    if (const auto time = from_rfc3339(message.header("Nats-Time-Stamp"))) {
        record.ingested = *time;
    }
    record.record = to_bytes(message.data());
    waiting.page.pending = to_number(message.header("Nats-Num-Pending"));
    waiting.page.records.push_back(std::move(record));
    if (!waiting.is_batch) {
        finish();
    }
}

Task<Result<DirectReader::Page>> DirectReader::ask(std::string body, bool is_batch)
{
    const std::string reply = prefix_ + std::to_string(next_token_++);
    Notifier arrived{home_};
    Waiting waiting;
    waiting.is_batch = is_batch;
    waiting.arrived = &arrived;
    waiting_.emplace(reply, &waiting);
    const std::string subject = "$JS.API.DIRECT.GET." + stream_;
    const auto sent = connection_.publish(subject, reply, {}, body);
    const auto deadline = std::chrono::steady_clock::now() + timeout_;
    while (sent && !waiting.is_done && !is_closed_ && std::chrono::steady_clock::now() < deadline) {
        co_await arrived.wait_for(deadline - std::chrono::steady_clock::now());
    }
    waiting_.erase(reply);
    if (is_closed_ && !waiting.is_done) {
        co_return Error{Errc::shutting_down, {}};
    }
    if (!sent) {
        co_return sent.error();
    }
    if (!waiting.is_done) {
        co_return Error{Errc::unavailable, "no answer from the log in time"};
    }
    if (waiting.failed) {
        co_return *std::move(waiting.failed);
    }
    co_return std::move(waiting.page);
}

Task<Result<DirectReader::Page>> DirectReader::read(std::string subject, std::uint64_t first,
                                                    std::size_t messages_max, std::size_t bytes_max)
{
    const json::object query{{"seq", first},
                             {"next_by_subj", view(subject)},
                             {"batch", messages_max},
                             {"max_bytes", bytes_max}};
    std::string body = json::serialize(query);
    co_return co_await ask(std::move(body), true);
}

Task<Result<DirectReader::Page>> DirectReader::read_since(std::string subject, WallTime since,
                                                          std::size_t messages_max)
{
    const std::string start = to_rfc3339(since);
    const json::object query{
        {"start_time", view(start)}, {"next_by_subj", view(subject)}, {"batch", messages_max}};
    std::string body = json::serialize(query);
    co_return co_await ask(std::move(body), true);
}

Task<Result<StoredRecord>> DirectReader::get(std::uint64_t sequence)
{
    const json::object query{{"seq", sequence}};
    std::string body = json::serialize(query);
    SEAL_CO_TRY(page, co_await ask(std::move(body), false));
    if (page.records.empty()) {
        co_return Error{Errc::not_found, "no message at position " + std::to_string(sequence)};
    }
    co_return std::move(page.records.front());
}

Task<Result<StoredRecord>> DirectReader::last_of(std::string subject)
{
    const json::object query{{"last_by_subj", view(subject)}};
    std::string body = json::serialize(query);
    SEAL_CO_TRY(page, co_await ask(std::move(body), false));
    if (page.records.empty()) {
        co_return Error{Errc::not_found, "no message on " + subject};
    }
    co_return std::move(page.records.front());
}

Task<Result<StoredRecord>> DirectReader::get_of_leader(std::uint64_t sequence)
{
    const json::object query{{"seq", sequence}};
    std::string body = json::serialize(query);
    co_return co_await ask_leader(std::move(body), timeout_);
}

Task<Result<StoredRecord>> DirectReader::last_of_leader(std::string subject)
{
    co_return co_await last_of_leader(std::move(subject), timeout_);
}

Task<Result<StoredRecord>> DirectReader::last_of_leader(std::string subject,
                                                        std::chrono::milliseconds timeout)
{
    const json::object query{{"last_by_subj", view(subject)}};
    std::string body = json::serialize(query);
    co_return co_await ask_leader(std::move(body), timeout);
}

Task<Result<StoredRecord>> DirectReader::ask_leader(std::string body,
                                                    std::chrono::milliseconds timeout)
{
    std::string api = "$JS.API.STREAM.MSG.GET." + stream_;
    SEAL_CO_TRY(answer, co_await connection_.request(std::move(api), std::move(body), timeout));
    if (auto failed = api_error(answer)) {
        const auto* error = answer.if_contains("error");
        const auto* code = error != nullptr ? error->as_object().if_contains("err_code") : nullptr;
        if (code != nullptr && code->is_int64() && code->as_int64() == 10037) { // no message found
            failed->code = Errc::not_found;
        } else if (failed->code == Errc::not_found) { // no stream: the log itself is gone
            failed->code = Errc::unavailable;
        }
        co_return *std::move(failed);
    }
    const auto* message = answer.if_contains("message");
    const auto* fields = message != nullptr ? message->if_object() : nullptr;
    const auto* sequence = fields != nullptr ? fields->if_contains("seq") : nullptr;
    const auto* data = fields != nullptr ? fields->if_contains("data") : nullptr;
    const auto* time = fields != nullptr ? fields->if_contains("time") : nullptr;
    if (sequence == nullptr || data == nullptr || time == nullptr || !sequence->is_int64() ||
        !data->is_string() || !time->is_string()) {
        co_return Error{Errc::unavailable, "the leader's answer has no message"};
    }
    const auto& text = data->as_string();
    SEAL_CO_TRY(bytes, from_base64({text.data(), text.size()}));
    StoredRecord record;
    const auto& stamp = time->as_string();
    if (const auto ingested = from_rfc3339({stamp.data(), stamp.size()})) {
        record.ingested = *ingested;
    }
    record.position = Position{static_cast<std::uint64_t>(sequence->as_int64())};
    record.record = std::move(bytes);
    co_return record;
}

void DirectReader::close()
{
    answers_.reset();
    is_closed_ = true;
    for (const auto& [reply, waiting] : waiting_) {
        waiting->arrived->notify_all();
    }
}

} // namespace sealstream::jetstream
