#pragma once

// Calls a log as plain functions, for the contract's rules, and makes drafts that no other rule has
// used.

#include "core/event/codec.hpp"
#include "tests/ports/event_log_contract.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

namespace sealstream::testing {

// Another one each time, also across processes.
[[nodiscard]] Draft fresh_draft();
[[nodiscard]] std::vector<Draft> fresh_drafts(std::size_t count);

inline const Expected any{};
inline const Expected absent{Expected::Kind::absent, {}};
inline const Expected present{Expected::Kind::present, {}};
[[nodiscard]] inline Expected version(std::uint64_t number)
{
    return {Expected::Kind::version, Version{number}};
}

// Asks again, for a minute, while the answer is one that may pass: three servers on a busy machine
// leave a request unanswered now and then.
template <class Ask>
[[nodiscard]] auto ask_patiently(boost::asio::io_context& context, Ask ask)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (true) {
        auto answer = run_task(context, ask());
        const bool may_pass = !answer && info(answer.error().code).is_retryable;
        if (!may_pass || std::chrono::steady_clock::now() > deadline) {
            return answer;
        }
    }
}

class LogDriver {
public:
    explicit LogDriver(const LogFactory& make, const ChainPolicy& chain = {})
        : under_test_{make(chain)}
    {
    }

    [[nodiscard]] EventLog& log() { return under_test_->log(); }
    [[nodiscard]] boost::asio::io_context& context() { return under_test_->context(); }

    Result<Appended> try_append(std::vector<StreamAppend> batch);
    Result<Appended> try_request(AppendRequest request); // also with checks
    // The same, of which nothing may go wrong.
    Appended append(std::vector<StreamAppend> batch);
    Appended append(const StreamName& stream, std::size_t count);

    [[nodiscard]] std::vector<StoredRecord> read_from(std::uint64_t after, ReadLimits limits = {});
    [[nodiscard]] std::vector<StoredRecord>
    read_stream(const StreamName& stream, std::uint64_t after, ReadLimits limits = {});
    [[nodiscard]] StreamHead stream_head(const StreamName& stream);
    [[nodiscard]] std::uint64_t head();

    // Everything that the log holds, page by page; fails the test when positions are not 1, 2, 3 …
    [[nodiscard]] std::vector<StoredEvent> read_all();

    Result<FeedBatch> next(Feed& feed, std::size_t events_max, std::chrono::milliseconds wait);

private:
    std::unique_ptr<LogUnderTest> under_test_;
};

[[nodiscard]] StoredEvent decoded(const StoredRecord& record);

// Positions (versions) in the order given, to compare at once.
[[nodiscard]] std::vector<std::uint64_t> positions_of(const std::vector<StoredRecord>& records);
[[nodiscard]] std::vector<std::uint64_t> positions_of(const Appended& appended);
[[nodiscard]] std::vector<std::uint64_t> versions_of(const std::vector<StoredRecord>& records);
[[nodiscard]] std::vector<std::uint64_t> versions_of(const Appended& appended);
[[nodiscard]] std::vector<std::uint64_t> counting(std::uint64_t first, std::uint64_t last);

} // namespace sealstream::testing
