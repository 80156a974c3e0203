#include "tests/ports/log_driver.hpp"

#include "tests/support/sample_events.hpp"

#include <numeric>

namespace sealstream::testing {

Draft fresh_draft()
{
    static std::uint64_t number = 0;
    Draft draft = sample_draft(++number);
    fill_random(draft.id.bytes);
    fill_random(draft.salt);
    return draft;
}

std::vector<Draft> fresh_drafts(std::size_t count)
{
    std::vector<Draft> drafts(count);
    std::generate(drafts.begin(), drafts.end(), fresh_draft);
    return drafts;
}

Result<Appended> LogDriver::try_append(std::vector<StreamAppend> batch)
{
    return run_task(context(), log().append(std::move(batch)));
}

Result<Appended> LogDriver::try_request(AppendRequest request)
{
    return run_task(context(), log().append(std::move(request)));
}

Appended LogDriver::append(std::vector<StreamAppend> batch)
{
    auto appended = try_append(std::move(batch));
    INFO((appended ? "" : describe(appended.error())));
    REQUIRE(appended.has_value());
    return *std::move(appended);
}

Appended LogDriver::append(const StreamName& stream, std::size_t count)
{
    return append({{stream, any, fresh_drafts(count)}});
}

std::vector<StoredRecord> LogDriver::read_from(std::uint64_t after, ReadLimits limits)
{
    auto read = ask_patiently(context(), [&] { return log().read_from(Position{after}, limits); });
    INFO((read ? "" : describe(read.error())));
    REQUIRE(read.has_value());
    return *std::move(read);
}

std::vector<StoredRecord> LogDriver::read_stream(const StreamName& stream, std::uint64_t after,
                                                 ReadLimits limits)
{
    auto read =
        ask_patiently(context(), [&] { return log().read_stream(stream, Version{after}, limits); });
    INFO((read ? "" : describe(read.error())));
    REQUIRE(read.has_value());
    return *std::move(read);
}

StreamHead LogDriver::stream_head(const StreamName& stream)
{
    auto head = ask_patiently(context(), [&] { return log().stream_head(stream); });
    INFO((head ? "" : describe(head.error())));
    REQUIRE(head.has_value());
    return *head;
}

std::uint64_t LogDriver::head()
{
    auto head = ask_patiently(context(), [&] { return log().head(); });
    INFO((head ? "" : describe(head.error())));
    REQUIRE(head.has_value());
    return head->value;
}

std::vector<StoredEvent> LogDriver::read_all()
{
    std::vector<StoredEvent> events;
    while (true) {
        const auto page = read_from(events.size());
        if (page.empty()) {
            return events;
        }
        REQUIRE(positions_of(page) == counting(events.size() + 1, events.size() + page.size()));
        for (const StoredRecord& record : page) {
            events.push_back(decoded(record));
        }
    }
}

Result<FeedBatch> LogDriver::next(Feed& feed, std::size_t events_max,
                                  std::chrono::milliseconds wait)
{
    return run_task(context(), feed.next(events_max, wait));
}

StoredEvent decoded(const StoredRecord& record)
{
    auto event = decode_record(record.record);
    INFO((event ? "" : describe(event.error())));
    REQUIRE(event.has_value());
    return {record.position, record.ingested, *std::move(event)};
}

std::vector<std::uint64_t> positions_of(const std::vector<StoredRecord>& records)
{
    std::vector<std::uint64_t> positions;
    for (const StoredRecord& record : records) {
        positions.push_back(record.position.value);
    }
    return positions;
}

std::vector<std::uint64_t> positions_of(const Appended& appended)
{
    std::vector<std::uint64_t> positions;
    for (const Placed& placed : appended.events) {
        positions.push_back(placed.position.value);
    }
    return positions;
}

std::vector<std::uint64_t> versions_of(const std::vector<StoredRecord>& records)
{
    std::vector<std::uint64_t> versions;
    for (const StoredRecord& record : records) {
        versions.push_back(decoded(record).event.version.value);
    }
    return versions;
}

std::vector<std::uint64_t> versions_of(const Appended& appended)
{
    std::vector<std::uint64_t> versions;
    for (const Placed& placed : appended.events) {
        versions.push_back(placed.version.value);
    }
    return versions;
}

std::vector<std::uint64_t> counting(std::uint64_t first, std::uint64_t last)
{
    std::vector<std::uint64_t> numbers(last + 1 - first);
    std::iota(numbers.begin(), numbers.end(), first);
    return numbers;
}

} // namespace sealstream::testing
