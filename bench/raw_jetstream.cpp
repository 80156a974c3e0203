#include "bench/raw_jetstream.hpp"

#include "jetstream/message.hpp"

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>

namespace sealstream::bench {

namespace {

using namespace jetstream;

struct Answers {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t acknowledged{0};
    std::string failed;
};

void on_answer(natsConnection*, natsSubscription*, natsMsg* raw, void* closure)
{
    const Message message{raw};
    auto& answers = *static_cast<Answers*>(closure);
    const std::lock_guard lock{answers.mutex};
    if (message.data().find("\"error\"") != std::string_view::npos || message.is_no_responders()) {
        answers.failed = message.data();
    }
    ++answers.acknowledged;
    answers.changed.notify_one();
}

std::string request(natsConnection* connection, const std::string& subject, const std::string& body)
{
    natsMsg* raw = nullptr;
    const natsStatus status = natsConnection_Request(&raw, connection, subject.c_str(), body.data(),
                                                     static_cast<int>(body.size()), 10'000);
    if (status != NATS_OK) {
        return natsStatus_GetText(status);
    }
    return std::string{Message{raw}.data()};
}

constexpr std::size_t subjects = 1'000; // more than are in flight, so that each one's end is known

// The stream is ours alone, so message `number`, counted from 0, has the sequence after it.
natsStatus publish_conditionally(natsConnection* connection, const std::string& subject,
                                 const std::string& reply, const std::string& payload,
                                 std::size_t number)
{
    natsMsg* raw = nullptr;
    natsStatus status = natsMsg_Create(&raw, subject.c_str(), reply.c_str(), payload.data(),
                                       static_cast<int>(payload.size()));
    const MessageHandle message{raw};
    const std::string id = "0192f3a4-0000-7000-8000-" + std::to_string(100'000'000'000 + number);
    const std::string expected = std::to_string(number < subjects ? 0 : number - subjects + 1);
    const auto set = [&](const char* key, const char* value) {
        status = status == NATS_OK ? natsMsgHeader_Set(message.get(), key, value) : status;
    };
    set("Nats-Msg-Id", id.c_str());
    set("Nats-Expected-Last-Subject-Sequence", expected.c_str());
    return status == NATS_OK ? natsConnection_PublishMsg(connection, message.get()) : status;
}

natsStatus publish_in_batch(natsConnection* connection, const std::string& subject,
                            const std::string& reply, const std::string& payload,
                            const std::string& batch, std::size_t number, bool is_last)
{
    natsMsg* raw = nullptr;
    natsStatus status = natsMsg_Create(&raw, subject.c_str(), is_last ? reply.c_str() : nullptr,
                                       payload.data(), static_cast<int>(payload.size()));
    const MessageHandle message{raw};
    const std::string place = std::to_string(number);
    const auto set = [&](const char* key, const char* value) {
        status = status == NATS_OK ? natsMsgHeader_Set(message.get(), key, value) : status;
    };
    set("Nats-Batch-Id", batch.c_str());
    set("Nats-Batch-Sequence", place.c_str());
    if (is_last) {
        set("Nats-Batch-Commit", "1");
    }
    return status == NATS_OK ? natsConnection_PublishMsg(connection, message.get()) : status;
}

} // namespace

RawResult publish_raw(const RawOptions& options)
{
    natsOptions* raw_options = nullptr;
    natsOptions_Create(&raw_options);
    const OptionsHandle settings{raw_options};
    natsOptions_SetURL(settings.get(), options.url.substr(0, options.url.find(',')).c_str());
    natsOptions_SetSendAsap(settings.get(), options.send_at_once);
    natsOptions_SetIOBufSize(settings.get(), 256 * 1024);
    natsConnection* raw_connection = nullptr;
    if (natsConnection_Connect(&raw_connection, settings.get()) != NATS_OK) {
        return {0, "no connection"};
    }
    const ConnectionHandle connection{raw_connection};
    request(connection.get(), "$JS.API.STREAM.DELETE." + options.stream, {});
    const std::string made =
        request(connection.get(), "$JS.API.STREAM.CREATE." + options.stream,
                R"({"name":")" + options.stream +
                    R"(","subjects":["raw.>"],"storage":"file","num_replicas":)" +
                    std::to_string(options.replicas) + R"(,"allow_atomic":true})");
    if (made.find("\"error\"") != std::string::npos) {
        return {0, made};
    }
    Answers answers;
    natsSubscription* raw_subscription = nullptr;
    natsConnection_Subscribe(&raw_subscription, connection.get(), "_INBOX.raw.*", &on_answer,
                             &answers);
    const SubscriptionHandle subscription{raw_subscription};
    natsSubscription_SetPendingLimits(subscription.get(), -1, -1);
    const std::string payload(options.payload_bytes, 'x');

    const auto start = std::chrono::steady_clock::now();
    const std::size_t acknowledgements = options.messages / options.batch;
    const std::size_t in_flight_max = std::max<std::size_t>(1, options.window / options.batch);
    natsStatus status = NATS_OK;
    for (std::size_t sent = 0; sent < acknowledgements && status == NATS_OK; ++sent) {
        {
            std::unique_lock lock{answers.mutex};
            answers.changed.wait(lock, [&] { return sent - answers.acknowledged < in_flight_max; });
        }
        const std::string reply = "_INBOX.raw." + std::to_string(sent);
        if (options.batch == 1) {
            const std::string subject = "raw." + std::to_string(sent % subjects);
            if (options.is_conditional) {
                status = publish_conditionally(connection.get(), subject, reply, payload, sent);
                continue;
            }
            status =
                natsConnection_PublishRequest(connection.get(), subject.c_str(), reply.c_str(),
                                              payload.data(), static_cast<int>(payload.size()));
            continue;
        }
        const std::string subject = "raw." + std::to_string(sent % 64);
        const std::string batch = "b" + std::to_string(sent);
        for (std::size_t number = 1; number <= options.batch && status == NATS_OK; ++number) {
            status = publish_in_batch(connection.get(), subject, reply, payload, batch, number,
                                      number == options.batch);
        }
    }
    std::unique_lock lock{answers.mutex};
    answers.changed.wait_for(lock, std::chrono::seconds{30},
                             [&] { return answers.acknowledged == acknowledgements; });
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    RawResult result;
    result.messages_per_second = static_cast<double>(options.messages) / seconds.count();
    result.failed = status != NATS_OK ? natsStatus_GetText(status) : answers.failed;
    if (answers.acknowledged != acknowledgements) {
        result.failed = "acknowledgements are missing";
    }
    lock.unlock();
    request(connection.get(), "$JS.API.STREAM.DELETE." + options.stream, {});
    return result;
}

} // namespace sealstream::bench
