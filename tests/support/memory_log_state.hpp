#pragma once

// What a MemoryEventLog and its feeds share.

#include "core/async/notifier.hpp"
#include "core/base/check.hpp"
#include "tests/support/memory_event_log.hpp"

#include <deque>
#include <functional>
#include <unordered_map>

namespace sealstream::testing {

struct MemoryStream {
    StreamHead head;
    std::vector<Position> positions; // of version 1, 2, 3 …
};

struct MemoryAppendFault {
    Errc code;
    MemoryEventLog::Strike strike;
};

[[nodiscard]] inline Error closed_error()
{
    return Error{Errc::shutting_down, "the log is closed"};
}

struct MemoryEventLog::State {
    State(boost::asio::any_io_executor executor, const Clock& clock_, MemoryLogOptions options_)
        : clock{clock_},
          options{std::move(options_)},
          grown{std::move(executor)}
    {
    }

    [[nodiscard]] Event event_at(Position position) const
    {
        auto event = decode_record(records[position.value - 1].record);
        SEAL_CHECK(event.has_value(), "the log made this record itself");
        return *std::move(event);
    }

    [[nodiscard]] bool is_forgotten(Position position) const
    {
        const auto age =
            clock.wall().nanoseconds - records[position.value - 1].ingested.nanoseconds;
        return options.id_window && age >= options.id_window->count();
    }

    // The original places, when all drafts are in the log; nothing when none is.
    //   key_reuse   some are, or one with other content
    [[nodiscard]] Result<std::optional<Appended>> find_repeat(const AppendRequest& request) const;
    [[nodiscard]] Result<void> check(const StreamName& stream, const Expected& expected) const
    {
        const auto known = streams.find(stream);
        const auto met =
            check_expected(expected, known == streams.end() ? StreamHead{} : known->second.head);
        return met ? met : with_context(met.error(), stream.to_string());
    }
    [[nodiscard]] Result<Appended> append(const AppendRequest& request);
    void add(const Event& event, MemoryStream& stream);

    // The records at `positions` from index `first`, within the limits.
    template <class PositionAt>
    [[nodiscard]] std::vector<StoredRecord>
    page(std::size_t first, std::size_t end, ReadLimits limits, const PositionAt& position_at) const
    {
        std::vector<StoredRecord> found;
        std::size_t bytes = 0;
        for (std::size_t at = first; at < end && found.size() < limits.events_max; ++at) {
            const StoredRecord& record = records[position_at(at).value - 1];
            bytes += record.record.size();
            if (!found.empty() && bytes > limits.bytes_max) {
                break;
            }
            found.push_back(record);
        }
        return found;
    }

    [[nodiscard]] std::vector<StoredRecord> page_after(Position after, ReadLimits limits,
                                                       const LogFilter& filter) const
    {
        if (filter.is_empty()) {
            return page(static_cast<std::size_t>(after.value), records.size(), limits,
                        [](std::size_t at) { return Position{at + 1}; });
        }
        std::vector<Position> matching;
        for (std::uint64_t number = after.value + 1; number <= records.size(); ++number) {
            if (filter.matches(names[number - 1])) {
                matching.push_back(Position{number});
            }
        }
        return page(0, matching.size(), limits,
                    [&matching](std::size_t at) { return matching[at]; });
    }

    // Why a read must not go on.
    [[nodiscard]] std::optional<Error> read_fault()
    {
        if (is_closed) {
            return closed_error();
        }
        if (read_faults.empty()) {
            return std::nullopt;
        }
        const auto [code, meanwhile] = std::move(read_faults.front());
        read_faults.pop_front();
        if (meanwhile) {
            meanwhile();
        }
        return Error{code, "a made-up failure"};
    }

    const Clock& clock;
    const MemoryLogOptions options;
    Notifier grown;
    std::vector<StoredRecord> records;
    std::vector<StreamName>
        names; // of each record's stream: what a server knows without reading it
    std::unordered_map<StreamName, MemoryStream> streams;
    std::unordered_map<EventId, Position> ids;
    std::deque<MemoryAppendFault> append_faults;
    std::deque<std::pair<Errc, std::function<void()>>> read_faults;
    std::uint64_t incarnation{1};
    bool is_closed{false};
};

} // namespace sealstream::testing
