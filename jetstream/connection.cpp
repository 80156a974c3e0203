#include "jetstream/connection.hpp"

#include "jetstream/connection_shared.hpp"
#include "jetstream/side_threads.hpp"
#include "jetstream/stream_admin.hpp"

#include <boost/json/parse.hpp>

namespace sealstream::jetstream {

Connection::Connection(std::shared_ptr<Shared> shared) : shared_{std::move(shared)} {}

Connection::~Connection()
{
    close();
}

Result<std::unique_ptr<Connection>> Connection::open(const ConnectionOptions& options,
                                                     boost::asio::any_io_executor home)
{
    auto shared = std::make_shared<Shared>(std::move(home), options);
    auto made = shared->connect();
    if (!made) {
        shared->loop->close(); // it may have been given the connection that is gone
        return made.error();
    }
    shared->handle = *std::move(made);
    shared->is_connected.store(true);
    natsInbox* inbox = nullptr;
    if (natsInbox_Create(&inbox) == NATS_OK) {
        shared->inbox_prefix = inbox;
        natsInbox_Destroy(inbox);
    }
    std::unique_ptr<Connection> connection{new Connection{shared}};
    // One wildcard subscription for the answers to all requests.
    auto* const weak = shared.get();
    auto subscribed =
        connection->subscribe(shared->inbox_prefix + ".r.*", [weak](const Message& message) {
            const auto found = weak->waiting.find(message.subject());
            if (found != weak->waiting.end()) {
                found->second->is_done = true;
                found->second->answer = message.data();
                found->second->is_no_responders = message.is_no_responders();
                found->second->arrived->notify_all();
            }
        });
    if (!subscribed) {
        return subscribed.error();
    }
    shared->answers = *std::move(subscribed);
    return connection;
}

Result<void> Connection::publish(const std::string& subject, const std::string& reply,
                                 std::span<const Header> headers, std::string_view payload)
{
    if (shared_->is_closed || shared_->handle == nullptr || !shared_->is_connected.load()) {
        return Error{Errc::unavailable, "not connected to NATS"};
    }
    natsStatus status = NATS_OK;
    const char* const answer_to = reply.empty() ? nullptr : reply.c_str();
    if (headers.empty()) {
        status =
            answer_to != nullptr
                ? natsConnection_PublishRequest(shared_->handle.get(), subject.c_str(), answer_to,
                                                payload.data(), static_cast<int>(payload.size()))
                : natsConnection_Publish(shared_->handle.get(), subject.c_str(), payload.data(),
                                         static_cast<int>(payload.size()));
    } else {
        natsMsg* raw_message = nullptr;
        status = natsMsg_Create(&raw_message, subject.c_str(), answer_to, payload.data(),
                                static_cast<int>(payload.size()));
        MessageHandle message{raw_message};
        for (const Header& header : headers) {
            if (status == NATS_OK) {
                status = natsMsgHeader_Set(message.get(), header.key, header.value);
            }
        }
        if (status == NATS_OK) {
            status = natsConnection_PublishMsg(shared_->handle.get(), message.get());
        }
        if (message != nullptr) {
            shared_->spent.add(std::move(message), payload.size());
        }
    }
    if (status != NATS_OK) {
        return status_error(status, "publishing to NATS");
    }
    return {};
}

Result<std::unique_ptr<Subscription>> Connection::subscribe(const std::string& subject,
                                                            Handler handler)
{
    auto subscription = std::make_unique<LibrarySubscription>(shared_, subject, std::move(handler));
    if (shared_->handle == nullptr) {
        return Error{Errc::unavailable, "not connected to NATS"};
    }
    natsSubscription* raw = nullptr;
    const natsStatus status =
        natsConnection_SubscribeSync(&raw, shared_->handle.get(), subject.c_str());
    if (status != NATS_OK) {
        return status_error(status, "subscribing to " + subject);
    }
    subscription->handle_.reset(raw);
    natsSubscription_SetPendingLimits(raw, -1, -1);
    shared_->subscriptions.insert(subscription.get());
    return std::unique_ptr<Subscription>{std::move(subscription)};
}

Task<Result<boost::json::object>> Connection::request(std::string subject, std::string body,
                                                      std::chrono::milliseconds timeout)
{
    const auto self = shared_; // the connection may go while we wait
    const std::string reply = self->inbox_prefix + ".r." + std::to_string(self->next_inbox++);
    Shared::Waiting waiting;
    waiting.arrived = std::make_unique<Notifier>(self->home);
    self->waiting.emplace(reply, &waiting);
    const Monotonic asked = std::chrono::steady_clock::now();
    const auto sent = publish(subject, reply, {}, body);
    if (sent && !waiting.is_done) {
        co_await waiting.arrived->wait_for(timeout);
    }
    self->waiting.erase(reply);
    if (self->is_closed && !waiting.is_done) {
        co_return Error{Errc::shutting_down, {}};
    }
    if (!sent) {
        co_return sent.error();
    }
    if (!waiting.is_done) {
        unanswered(Asked::request, asked);
        co_return Error{Errc::timed_out, "no answer to " + subject};
    }
    if (waiting.is_no_responders) {
        unanswered(Asked::request, asked);
        co_return Error{Errc::unavailable, "nobody answers " + subject + ": is JetStream enabled?"};
    }
    boost::system::error_code failed;
    auto document = boost::json::parse(waiting.answer, failed);
    if (failed || !document.is_object()) {
        co_return Error{Errc::unavailable, "the answer to " + subject + " is not JSON"};
    }
    if (lacks_quorum(document.get_object())) {
        unanswered(Asked::request, asked);
    } else {
        answered(Asked::request);
    }
    co_return std::move(document.as_object());
}

void Connection::answered(Asked what) noexcept
{
    shared_->patience[static_cast<std::size_t>(what)].answered();
}

void Connection::unanswered(Asked what, Monotonic asked)
{
    const Monotonic now = std::chrono::steady_clock::now();
    if (shared_->patience[static_cast<std::size_t>(what)].unanswered(asked, now)) {
        if (shared_->silence_handler) {
            shared_->silence_handler();
        }
        shared_->leave_server();
    }
}

std::string Connection::new_inbox() const
{
    return shared_->inbox_prefix + ".s" + std::to_string(shared_->next_inbox++);
}

bool Connection::is_connected() const noexcept
{
    return shared_->is_connected.load() && !shared_->is_closed;
}

bool Connection::is_closed() const noexcept
{
    return shared_->is_closed;
}

std::uint64_t Connection::reconnects() const noexcept
{
    return shared_->reconnects.load();
}

std::int64_t Connection::payload_bytes_max() const noexcept
{
    return shared_->handle != nullptr ? natsConnection_GetMaxPayload(shared_->handle.get()) : 0;
}

void Connection::on_state(std::function<void(bool)> handler)
{
    shared_->state_handler = std::move(handler);
}

void Connection::on_silence(std::function<void()> handler)
{
    shared_->silence_handler = std::move(handler);
}

Notifier& Connection::state_changed() noexcept
{
    return shared_->changed;
}

void Connection::close() noexcept
{
    {
        const std::lock_guard lock{shared_->gate};
        if (std::exchange(shared_->is_closed, true)) {
            return;
        }
    }
    shared_->state_handler = nullptr;
    shared_->silence_handler = nullptr;
    for (const auto& [reply, waiting] : shared_->waiting) {
        waiting->arrived->notify_all();
    }
    shared_->answers.reset();
    std::shared_ptr<EventLoop> loop;
    {
        const std::lock_guard lock{shared_->gate};
        loop = shared_->loop;
    }
    loop->flush(); // nats.c before 3.13 may drop what is buffered
    loop->close();
    close_aside(std::move(shared_->handle));
    shared_->changed.notify_all();
}

} // namespace sealstream::jetstream
