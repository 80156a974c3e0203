#pragma once

// The reads of a small log whose replica is behind its leader: a record that is appended shows in
// answers of the replica only after so many of them.

#include "core/event/codec.hpp"
#include "jetstream/stream_reading.hpp"
#include "jetstream/subject.hpp"
#include "tests/support/sample_events.hpp"

#include <boost/asio/io_context.hpp>

#include <deque>
#include <functional>

namespace sealstream::testing {

class ScriptedReads final : public jetstream::StreamReads {
public:
    explicit ScriptedReads(ManualClock& clock) : clock_{clock} {}

    // One event for each draft, at the log's present time.
    void append(const StreamName& stream, std::vector<Draft> drafts)
    {
        const StreamAppend append{stream, {}, std::move(drafts)};
        for (const Event& event : seal(append, heads_[stream.id], false)) {
            const Position position{records_.size() + 1};
            heads_[stream.id].position = position;
            records_.push_back({{position, now, codec(CodecKind::canonical_json).encode(event)},
                                jetstream::subject_of("main", stream)});
        }
    }

    WallTime now{1'700'000'000'000'000'000}; // by the log's clock
    std::uint64_t replicated{~std::uint64_t{0}};
    std::size_t behind_for{~std::size_t{0}}; // answers; then the replica has everything
    std::size_t asked{0};
    std::deque<Errc> failures;          // of the next questions
    std::function<void()> after_read{}; // what happens meanwhile

    Task<Result<Page>> read(std::string subject, std::uint64_t first, std::size_t messages_max,
                            std::size_t) override
    {
        auto page = answer(subject, WallTime{0}, first, messages_max);
        if (after_read) {
            after_read();
        }
        co_return page;
    }
    Task<Result<Page>> read_since(std::string subject, WallTime since,
                                  std::size_t messages_max) override
    {
        co_return answer(subject, since, 1, messages_max);
    }
    Task<Result<StoredRecord>> last_of(std::string subject) override
    {
        co_return newest(subject, visible());
    }
    Task<Result<StoredRecord>> last_of_leader(std::string subject) override
    {
        co_return newest(subject, records_.size());
    }

private:
    struct Stored {
        StoredRecord record;
        std::string subject;
    };

    // The whole subject, or all of one type: "ev.main.deal.*".
    static bool fits(const Stored& stored, const std::string& subject)
    {
        return subject.ends_with('*')
                   ? stored.subject.starts_with(subject.substr(0, subject.size() - 1))
                   : stored.subject == subject;
    }

    std::uint64_t visible() const
    {
        return asked > behind_for ? records_.size()
                                  : std::min<std::uint64_t>(replicated, records_.size());
    }

    std::optional<Error> next_failure()
    {
        ++asked;
        clock_.advance(std::chrono::seconds{1});
        if (failures.empty()) {
            return std::nullopt;
        }
        const Errc code = failures.front();
        failures.pop_front();
        return Error{code, "a made-up failure"};
    }

    Result<Page> answer(const std::string& subject, WallTime since, std::uint64_t first,
                        std::size_t messages_max)
    {
        if (const auto failed = next_failure()) {
            return *failed;
        }
        Page page;
        for (std::uint64_t at = first; at <= visible(); ++at) {
            const Stored& stored = records_[at - 1];
            if (!fits(stored, subject) || stored.record.ingested < since) {
                continue;
            }
            if (page.records.size() == messages_max) {
                ++page.pending;
            } else {
                page.records.push_back(stored.record);
            }
        }
        return page;
    }

    Result<StoredRecord> newest(const std::string& subject, std::uint64_t last)
    {
        if (const auto failed = next_failure()) {
            return *failed;
        }
        for (std::uint64_t at = last; at > 0; --at) {
            if (fits(records_[at - 1], subject)) {
                return records_[at - 1].record;
            }
        }
        return Error{Errc::not_found, {}};
    }

    ManualClock& clock_;
    std::vector<Stored> records_;
    std::map<std::string, StreamHead> heads_;
};

// A reader of a log that has replicas, and ten seconds.
struct ReadingWorld {
    jetstream::Reading reading()
    {
        return {reads, clock, context.get_executor(), clock.monotonic() + std::chrono::seconds{10},
                true};
    }

    boost::asio::io_context context{1};
    ManualClock clock;
    ScriptedReads reads{clock};
};

} // namespace sealstream::testing
