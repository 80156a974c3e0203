#pragma once

// A log that somebody has edited on disk: whatever records a test puts there, holes included. A
// page with a hole in it is `corrupt`, as from JetStream.

#include "core/async/awaitable.hpp"
#include "core/base/check.hpp"
#include "core/ports/event_log.hpp"
#include "tests/support/told_head.hpp"

#include <optional>

namespace sealstream::testing {

class TamperedEventLog final : public EventLog {
public:
    TamperedEventLog(std::vector<StoredRecord> records, std::string incarnation)
        : records_{records.begin(), records.end()},
          incarnation_{std::move(incarnation)}
    {
    }

    // Index 0 is position 1. Positions are renumbered when they are read.
    std::vector<std::optional<StoredRecord>>& records() { return records_; }
    StoredRecord& at(std::uint64_t position) { return *records_.at(position - 1); }

    using EventLog::read_from;
    Task<Result<std::vector<StoredRecord>>> read_from(Position after, ReadLimits limits,
                                                      LogFilter filter) override
    {
        if (!filter.is_empty()) {
            co_return unused();
        }
        std::vector<StoredRecord> page;
        for (std::size_t at = after.value; at < records_.size() && page.size() < limits.events_max;
             ++at) {
            if (!records_[at]) {
                co_return Error{Errc::corrupt, "a hole"};
            }
            page.push_back(*records_[at]);
            page.back().position = Position{at + 1};
        }
        co_return page;
    }
    Task<Result<Position>> head() override { co_return told_head.of(Position{records_.size()}); }
    Task<Result<Position>> settled_head(Position seen) override
    {
        co_return told_head.settled(Position{records_.size()}, seen);
    }
    ToldHead told_head;
    Task<Result<std::vector<StoredRecord>>> read_stream(StreamName stream, Version after,
                                                        ReadLimits limits) override
    {
        std::vector<StoredRecord> page;
        for (std::size_t at = 0; at < records_.size() && page.size() < limits.events_max; ++at) {
            const auto event = records_[at] ? decode_record(records_[at]->record)
                                            : Result<Event>{Error{Errc::not_found, {}}};
            if (event && event->stream == stream && event->version > after) {
                page.push_back(*records_[at]);
                page.back().position = Position{at + 1};
            }
        }
        co_return page;
    }
    [[nodiscard]] std::string incarnation() const override { return incarnation_; }
    [[nodiscard]] Durability durability() const override { return {"tampered", 1, false}; }
    void close() noexcept override {}

    Task<Result<Appended>> append(AppendRequest) override { co_return unused(); }
    Task<Result<StreamHead>> stream_head(StreamName) override { co_return unused(); }
    using EventLog::subscribe_from;
    [[nodiscard]] std::unique_ptr<Feed> subscribe_from(Position after, LogFilter filter) override;

private:
    static Error unused() { return {Errc::unsupported, "a verifier only reads"}; }

    std::vector<std::optional<StoredRecord>> records_;
    std::string incarnation_;
};

// Delivers page by page; `corrupt` at a hole.
class TamperedFeed final : public Feed {
public:
    TamperedFeed(TamperedEventLog& log, Position after) : log_{log}, after_{after} {}
    Task<Result<FeedBatch>> next(std::size_t, std::chrono::milliseconds) override
    {
        const ReadLimits one{1, 1};
        auto page = co_await log_.read_from(after_, one);
        if (!page) {
            co_return page.error();
        }
        FeedBatch batch{*std::move(page), false};
        if (!batch.records.empty()) {
            after_ = batch.records.back().position;
        }
        co_return batch;
    }
    void close() noexcept override {}

private:
    TamperedEventLog& log_;
    Position after_;
};

inline std::unique_ptr<Feed> TamperedEventLog::subscribe_from(Position after, LogFilter filter)
{
    SEAL_CHECK(filter.is_empty(), "a verifier reads everything");
    return std::make_unique<TamperedFeed>(*this, after);
}

} // namespace sealstream::testing
