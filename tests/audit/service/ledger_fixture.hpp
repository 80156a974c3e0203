#pragma once

// A ledger in memory with an auditor that a test runs until all is sealed.

#include "audit/service/auditor.hpp"
#include "audit/service/verify_ledger.hpp"
#include "core/async/task_group.hpp"
#include "tests/audit/note_support.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/memory_audit_log.hpp"
#include "tests/support/memory_event_log.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/sample_events.hpp"

#include <boost/asio/post.hpp>
#include <prometheus/registry.h>

namespace sealstream::testing {

inline AuditorOptions test_auditor_options()
{
    AuditorOptions options;
    options.checkpoint_events = 50;
    options.checkpoint_interval = std::chrono::hours{1};
    options.block_linger = std::chrono::milliseconds{0};
    options.feed_wait = std::chrono::milliseconds{1};
    options.feed_events_max = 16;
    options.retry = {std::chrono::milliseconds{1}, std::chrono::milliseconds{2}};
    return options;
}

// One life of an auditor, with a signer of its own, as in a fresh process.
class AuditorLife {
public:
    AuditorLife(boost::asio::io_context& context, EventLog& log, AuditLog& audit,
                const Clock& clock, AuditorOptions options = test_auditor_options(),
                SigningKey key = log_key(), SignerOptions signer_options = {})
        : log_{log},
          context_{context},
          stop{context.get_executor()},
          signer{audit, clock, std::move(key), std::move(signer_options)},
          metrics{registry},
          auditor{log, audit, signer, clock, stop, std::move(options), metrics},
          tasks_{context.get_executor()}
    {
    }

    // Runs until the log is covered (up to `until`) or the auditor ends by itself, then stops it.
    void run_until_sealed() { run_task(context_, sealed()); }
    void start() { tasks_.spawn("auditor", auditor.run()); }
    Task<void> until_covered(Position position)
    {
        while (tasks_.running() != 0 && auditor.status().covered < position) {
            co_await boost::asio::post(context_, boost::asio::use_awaitable);
        }
    }
    Task<void> until_ended()
    {
        while (tasks_.running() != 0) {
            co_await tasks_.wait_idle(std::chrono::seconds{20});
        }
    }

private:
    Task<void> sealed()
    {
        if (tasks_.running() == 0) {
            start();
        }
        const auto head = co_await log_.head();
        co_await until_covered(head ? *head : Position{});
        stop.request();
        co_await until_ended();
    }

    EventLog& log_;
    boost::asio::io_context& context_;

public:
    Stop stop;
    Signer signer;
    prometheus::Registry registry;
    AuditorMetrics metrics;
    Auditor auditor;

private:
    TaskGroup tasks_;
};

class LedgerFixture {
public:
    explicit LedgerFixture(MemoryLogOptions options = {})
        : log{context.get_executor(), clock, std::move(options)}
    {
    }

    // `count` events, spread over five streams.
    void append(std::uint64_t count)
    {
        for (std::uint64_t at = 0; at < count; ++at) {
            const std::uint64_t number = ++events_;
            StreamAppend batch{*StreamName::make("deal", std::to_string(number % 5)), {}, {}};
            batch.drafts.push_back(sample_draft(number));
            std::vector<StreamAppend> batches;
            batches.push_back(std::move(batch));
            const auto appended = run_task(context, log.append(std::move(batches)));
            SEAL_CHECK(appended.has_value(), "the memory log takes every event");
            clock.advance(std::chrono::microseconds{10});
        }
    }

    void seal()
    {
        AuditorLife life{context, log, audit, clock};
        life.run_until_sealed();
    }

    template <class Condition>
    void run_until(Condition is_met)
    {
        context.restart();
        while (!is_met()) {
            context.run_one();
        }
    }

    [[nodiscard]] VerifyOptions options() const
    {
        VerifyOptions verify;
        verify.trusted = {log_key().verifier()};
        return verify;
    }
    [[nodiscard]] VerifyReport verify() { return verify(log, options()); }
    [[nodiscard]] VerifyReport verify(EventLog& other, VerifyOptions verify_options)
    {
        return run_task(context, verify_ledger(other, audit, std::move(verify_options)));
    }
    [[nodiscard]] std::vector<AuditEntry> entries()
    {
        return *run_task(context, audit.read_from(0, 1'000'000));
    }
    [[nodiscard]] std::vector<StoredRecord> records()
    {
        return *run_task(context, log.read_from(Position{}, {1'000'000, ~std::size_t{0}}));
    }

    boost::asio::io_context context{1};
    ManualClock clock;
    MemoryEventLog log;
    MemoryAuditLog audit;

private:
    std::uint64_t events_{0};
};

} // namespace sealstream::testing
