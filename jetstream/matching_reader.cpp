#include "jetstream/matching_reader.hpp"

#include "jetstream/subject.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>

namespace sealstream::jetstream {

namespace {

constexpr std::size_t matching_events_max = 500; // as for the whole log
constexpr BackoffOptions pause_when_behind{std::chrono::milliseconds{10},
                                           std::chrono::milliseconds{500}};

bool is_before(const StoredRecord& one, const StoredRecord& other)
{
    return one.position < other.position;
}

// In order, without what lies beyond the place up to which every type was read, and within limits.
void merge(std::vector<StoredRecord>& records, Position read_up_to, ReadLimits limits)
{
    std::erase_if(
        records, [read_up_to](const StoredRecord& record) { return record.position > read_up_to; });
    std::sort(records.begin(), records.end(), is_before);
    std::size_t bytes = 0;
    std::size_t count = 0;
    while (count < records.size() && count < limits.events_max) {
        bytes += records[count].record.size();
        if (count != 0 && bytes > limits.bytes_max) {
            break;
        }
        ++count;
    }
    records.resize(count);
}

// The newest of a subject that the leader has; 0 when there is none.
Task<Result<Position>> newest_of(Reading reading, std::string subject)
{
    const auto last = co_await reading.reads.last_of_leader(std::move(subject));
    if (!last && last.error().code != Errc::not_found) {
        co_return last.error();
    }
    co_return last ? last->position : Position{};
}

// One page of a subject, of a replica that shows `newest`.
Task<Result<StreamReads::Page>> read_subject(Reading reading, std::string subject, Position after,
                                             Position newest, ReadLimits limits)
{
    Backoff backoff{pause_when_behind};
    for (;;) {
        auto page = co_await reading.reads.read(subject, after.value + 1, limits.events_max,
                                                limits.bytes_max);
        if (!page) {
            co_return page.error();
        }
        const Position shown = page->records.empty() ? after : page->records.back().position;
        if (page->pending != 0 || shown >= newest) {
            co_return page;
        }
        if (reading.clock.monotonic() >= reading.deadline) {
            co_return Error{Errc::unavailable,
                            "no replica shows position " + std::to_string(newest.value) + " yet"};
        }
        boost::asio::steady_timer timer{reading.home};
        timer.expires_after(backoff.next());
        co_await timer.async_wait(use_tuple);
    }
}

} // namespace

Task<Result<std::vector<StoredRecord>>> read_matching(Reading reading, std::string ledger,
                                                      Position after, Position head,
                                                      ReadLimits limits, LogFilter filter)
{
    const auto subjects = subjects_of_types(ledger, filter.stream_types);
    const ReadLimits part{std::min(matching_events_max, limits.events_max), limits.bytes_max};
    std::vector<StoredRecord> records;
    Position read_up_to = head;
    for (const std::string& subject : subjects) {
        Position newest{}; // a single server shows everything
        if (reading.has_replicas) {
            SEAL_CO_TRY(of_leader, co_await newest_of(reading, subject));
            newest = of_leader;
        }
        SEAL_CO_TRY(page, co_await read_subject(reading, subject, after, newest, part));
        if (page.pending != 0 && !page.records.empty()) {
            read_up_to = std::min(read_up_to, page.records.back().position);
        }
        std::move(page.records.begin(), page.records.end(), std::back_inserter(records));
    }
    merge(records, read_up_to, limits);
    co_return records;
}

} // namespace sealstream::jetstream
