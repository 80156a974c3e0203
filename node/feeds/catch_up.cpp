#include "node/feeds/catch_up.hpp"

namespace sealstream {

namespace {

constexpr std::size_t page_events = 1000;      // looked at in one read when there is a filter
constexpr std::size_t look_ahead_events = 100; // positions asked of the index at once
constexpr std::uint64_t sparse_distance =
    32; // reading one record costs less than so many in a page

Error hole(Position before, Position found)
{
    return Error{Errc::corrupt, "the log jumps from position " + std::to_string(before.value) +
                                    " to " + std::to_string(found.value)};
}

} // namespace

EventQuery index_query(const FeedFilter& filter)
{
    EventQuery query;
    query.types = filter.types;
    query.stream_type = filter.stream_type;
    query.stream_id = filter.stream_id;
    query.source = filter.source;
    query.actor = filter.actor;
    query.category = filter.category;
    query.from_time = filter.from_time;
    query.to_time = filter.to_time;
    return query;
}

Task<Result<StoredRecord>> read_indexed(EventLog& log, Position position)
{
    const Position before{position.value - 1};
    const ReadLimits one{1, 1}; // one comes whatever its size
    auto records = co_await log.read_from(before, one);
    if (!records) {
        co_return records.error();
    }
    if (!records->empty() && records->front().position == position) {
        co_return std::move(records->front());
    }
    const auto head = co_await log.head();
    if (!head) {
        co_return head.error();
    }
    if (records->empty() && *head >= position) {
        co_return Error{Errc::unavailable, "a replica of the log does not show position " +
                                               std::to_string(position.value) + " yet"};
    }
    co_return Error{Errc::corrupt, "the index knows an event at position " +
                                       std::to_string(position.value) +
                                       " that the log does not have"};
}

Task<Result<Position>> CatchUp::next(Position cursor, CatchUpLimits limits,
                                     std::vector<FeedEventPtr>& to)
{
    if (cursor < horizon_) {
        co_return co_await take_known(cursor, limits, to);
    }
    if (is_sparse_ && index_ != nullptr) {
        co_await look_ahead(cursor);
        if (cursor < horizon_) {
            co_return co_await take_known(cursor, limits, to);
        }
    }
    co_return co_await next_page(cursor, limits, to);
}

Task<Result<Position>> CatchUp::next_page(Position cursor, CatchUpLimits limits,
                                          std::vector<FeedEventPtr>& to)
{
    const bool is_filtered = !filter_.is_empty();
    const ReadLimits page{is_filtered ? page_events : limits.events_max, limits.bytes_max};
    const auto records = co_await log_.read_from(cursor, page);
    if (!records) {
        co_return records.error();
    }
    const std::size_t before = to.size();
    std::size_t looked_at = 0;
    for (const StoredRecord& record : *records) {
        if (to.size() - before >= limits.events_max) {
            break;
        }
        if (record.position != cursor.next()) {
            co_return hole(cursor, record.position);
        }
        SEAL_CO_TRY(event, make_feed_event(record));
        if (filter_.matches(event->event(), event->ingested(), event->category())) {
            to.push_back(std::move(event));
        }
        cursor = record.position;
        ++looked_at;
    }
    records_read_ += looked_at;
    is_sparse_ = is_filtered && looked_at >= sparse_distance &&
                 (to.size() - before) * sparse_distance < looked_at;
    co_return cursor;
}

// Without an answer the horizon stays where it is, and the next page shows whether to ask again.
Task<void> CatchUp::look_ahead(Position cursor)
{
    is_sparse_ = false;
    known_.clear();
    // Asked first: the index may move on in between, and what it then finds counts up to here only.
    const auto reached = co_await index_->cursor();
    if (!reached || reached->value <= cursor.value + sparse_distance) {
        co_return;
    }
    auto query = index_query(filter_);
    query.after = cursor;
    query.events_max = look_ahead_events;
    const auto found = co_await index_->query(std::move(query));
    if (!found) {
        co_return;
    }
    for (const IndexedEvent& event : *found) {
        known_.push_back(event.position);
    }
    const bool is_all = found->size() < look_ahead_events;
    horizon_ = is_all ? *reached : known_.back();
    if (is_all && !known_.empty()) {
        horizon_ = std::max(horizon_, known_.back());
    }
    const bool is_dense = !known_.empty() && !is_all &&
                          (known_.back().value - cursor.value) < known_.size() * sparse_distance;
    if (is_dense) {
        horizon_ = cursor;
    }
}

Task<Result<Position>> CatchUp::take_known(Position cursor, CatchUpLimits limits,
                                           std::vector<FeedEventPtr>& to)
{
    std::size_t bytes = 0;
    for (std::size_t count = 0; count < limits.events_max && bytes < limits.bytes_max; ++count) {
        if (known_.empty()) {
            is_sparse_ = true; // go on asking while it pays
            co_return horizon_;
        }
        const Position position = known_.front();
        SEAL_CO_TRY(record, co_await read_indexed(log_, position));
        ++records_read_;
        known_.pop_front();
        SEAL_CO_TRY(event, make_feed_event(record));
        cursor = position;
        bytes += event->bytes();
        if (filter_.matches(event->event(), event->ingested(), event->category())) {
            to.push_back(std::move(event));
        }
    }
    co_return cursor;
}

} // namespace sealstream
