#pragma once

// Logs on real nats-servers, for contract and failure tests. Each has a ledger of its own, so that
// one set of servers serves a whole test binary.

#include "integration/support/nats_server.hpp"
#include "jetstream/jetstream_audit_log.hpp"
#include "jetstream/jetstream_event_log.hpp"
#include "tests/ports/audit_log_contract.hpp"
#include "tests/ports/event_log_contract.hpp"
#include "tests/support/run_task.hpp"

#include <atomic>
#include <iostream>
#include <stdexcept>

namespace sealstream::testing {

// Opens what `open` makes; three servers need some seconds to find their leader.
template <class Open>
auto open_patiently(boost::asio::io_context& context, Open open)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{40};
    while (true) {
        auto opened = run_task(context, open());
        if (opened) {
            return *std::move(opened);
        }
        if (!info(opened.error().code).is_retryable ||
            std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error{describe(opened.error())};
        }
    }
}

inline std::string fresh_ledger()
{
    static std::atomic<int> count{0};
    return "l" + std::to_string(++count);
}

class JetStreamUnderTest final : public LogUnderTest {
public:
    // Pulls bring so little that the contract's largest events need one for themselves.
    static jetstream::FeedOptions small_pulls()
    {
        jetstream::FeedOptions feed;
        feed.pull_bytes = 256 << 10;
        return feed;
    }

    JetStreamUnderTest(const NatsServers& servers, jetstream::EventLogOptions options,
                       jetstream::FeedOptions feed = small_pulls(),
                       std::unique_ptr<const Clock> clock = std::make_unique<SystemClock>())
        : JetStreamUnderTest{servers.url(), std::move(options), feed, std::move(clock)}
    {
    }
    JetStreamUnderTest(const std::string& url, jetstream::EventLogOptions options,
                       jetstream::FeedOptions feed = small_pulls(),
                       std::unique_ptr<const Clock> clock = std::make_unique<SystemClock>())
        : JetStreamUnderTest{connection_to(url), std::move(options), feed, std::move(clock)}
    {
    }
    JetStreamUnderTest(const jetstream::ConnectionOptions& connection,
                       jetstream::EventLogOptions options,
                       jetstream::FeedOptions feed = small_pulls(),
                       std::unique_ptr<const Clock> clock = std::make_unique<SystemClock>())
        : clock_{std::move(clock)}
    {
        options.ledger = options.ledger == "main" ? fresh_ledger() : options.ledger;
        log_ = open_patiently(context_, [&] {
            return jetstream::JetStreamEventLog::open(connection, options, feed, *clock_,
                                                      context_.get_executor());
        });
    }
    ~JetStreamUnderTest() override
    {
        log_->close();
        log_.reset();
        context_.restart();
        context_.run_for(std::chrono::milliseconds{50}); // what was posted goes first
    }

    jetstream::JetStreamEventLog& log() override { return *log_; }
    boost::asio::io_context& context() override { return context_; }

private:
    static jetstream::ConnectionOptions connection_to(const std::string& url)
    {
        jetstream::ConnectionOptions connection;
        connection.url = url;
        return connection;
    }

    std::unique_ptr<const Clock> clock_;
    boost::asio::io_context context_{1};
    std::unique_ptr<jetstream::JetStreamEventLog> log_;
};

// Whether there is no server to test with; says so, which makes ctest count a skip.
[[nodiscard]] inline bool is_skipped()
{
    if (NatsServers::is_installed()) {
        return false;
    }
    std::cout << "SKIPPED: no nats-server; ./dev deps fetches one" << std::endl;
    return true;
}

// Runs the context until `holds`; whether it came to hold in time.
template <class Condition>
bool run_until(boost::asio::io_context& context, std::chrono::seconds longest, Condition holds)
{
    const auto deadline = std::chrono::steady_clock::now() + longest;
    while (!holds() && std::chrono::steady_clock::now() < deadline) {
        context.restart();
        context.run_for(std::chrono::milliseconds{10});
    }
    return holds();
}

class JetStreamAuditUnderTest final : public AuditLogUnderTest {
public:
    explicit JetStreamAuditUnderTest(const NatsServers& servers, int replicas = 1)
    {
        jetstream::ConnectionOptions connection;
        connection.url = servers.url();
        jetstream::AuditLogOptions options;
        options.ledger = fresh_ledger();
        options.replicas = replicas;
        for (auto* const writer : {&first_, &second_}) {
            *writer = open_patiently(context_, [&] {
                return jetstream::JetStreamAuditLog::open(connection, options,
                                                          context_.get_executor());
            });
        }
    }
    ~JetStreamAuditUnderTest() override
    {
        first_.reset();
        second_.reset();
        context_.restart();
        context_.run_for(std::chrono::milliseconds{50});
    }

    AuditLog& first_writer() override { return *first_; }
    AuditLog& second_writer() override { return *second_; }
    boost::asio::io_context& context() override { return context_; }

private:
    boost::asio::io_context context_{1};
    std::unique_ptr<jetstream::JetStreamAuditLog> first_;
    std::unique_ptr<jetstream::JetStreamAuditLog> second_;
};

} // namespace sealstream::testing
