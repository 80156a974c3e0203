#include "jetstream/matching_reader.hpp"

#include "jetstream/subject.hpp"

#include <algorithm>
#include <limits>

namespace sealstream::jetstream {

namespace {

constexpr std::size_t page_events_max = 500; // as for the whole log

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

} // namespace

Task<Result<std::vector<StoredRecord>>> read_matching(DirectReader& reader, std::string ledger,
                                                      Position after, ReadLimits limits,
                                                      LogFilter filter)
{
    const auto subjects = subjects_of_types(ledger, filter.stream_types);
    const std::size_t wanted = std::min(page_events_max, limits.events_max);
    std::vector<StoredRecord> records;
    Position read_up_to{std::numeric_limits<std::uint64_t>::max()};
    for (const std::string& subject : subjects) {
        auto page = co_await reader.read(subject, after.value + 1, wanted, limits.bytes_max);
        if (!page) {
            co_return page.error();
        }
        if (page->pending != 0 && !page->records.empty()) {
            read_up_to = std::min(read_up_to, page->records.back().position);
        }
        std::move(page->records.begin(), page->records.end(), std::back_inserter(records));
    }
    merge(records, read_up_to, limits);
    co_return records;
}

} // namespace sealstream::jetstream
