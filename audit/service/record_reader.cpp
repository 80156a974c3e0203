#include "audit/service/record_reader.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::size_t batch_max = 4'096; // events
constexpr std::size_t batch_bytes = 8 << 20;
constexpr unsigned tries_max = 5;

constexpr std::chrono::milliseconds feed_wait{1'000};
constexpr std::chrono::milliseconds second_look{
    50}; // a replica may lag behind what was acknowledged

// The records with the positions between them that are missing, none above `head`.
std::vector<RecordSlot> slots_of(std::vector<StoredRecord> records, Position first, Position head)
{
    std::vector<RecordSlot> slots;
    slots.reserve(records.size());
    Position next = first;
    for (StoredRecord& record : records) {
        const Position position = record.position;
        for (; next < position && next <= head; next = next.next()) {
            slots.push_back({next, {}});
        }
        if (next > head) {
            break;
        }
        slots.push_back({position, std::move(record)});
        next = position.next();
    }
    return slots;
}

} // namespace

// Nothing when the feed can not go on: single reads tell why.
Task<std::vector<RecordSlot>> RecordReader::follow(Position first, Position head)
{
    if (!feed_ || feed_next_ != first) {
        feed_ = log_.subscribe_from(Position{first.value - 1});
    }
    auto batch = co_await feed_->next(batch_max, feed_wait);
    if (!batch || batch->records.empty()) {
        feed_.reset();
        co_return std::vector<RecordSlot>{};
    }
    feed_next_ = batch->records.back().position.next();
    co_return slots_of(std::move(batch->records), first, head);
}

Task<Result<std::vector<RecordSlot>>> RecordReader::read(Position first, Position head)
{
    if (batch_ == batch_max) { // no hole near
        auto followed = co_await follow(first, head);
        if (!followed.empty()) {
            is_in_hole_ = false;
            co_return followed;
        }
    }
    for (unsigned tries = 1;; ++tries) {
        const Position before{first.value - 1};
        const ReadLimits limits{batch_, batch_bytes};
        auto records = co_await log_.read_from(before, limits);
        if (!records && records.error().code != Errc::corrupt) {
            if (tries < tries_max && info(records.error().code).is_retryable) {
                continue;
            }
            co_return records.error();
        }
        if (!records && batch_ > 1) { // a hole somewhere in the batch
            batch_ /= 8;
            batch_ = std::max<std::size_t>(batch_, 1);
            tries = 0;
            is_in_hole_ = false;
            continue;
        }
        const bool is_missing = !records || records->empty();
        if (is_missing && !is_in_hole_ && tries < tries_max) {
            const auto executor = co_await boost::asio::this_coro::executor;
            boost::asio::steady_timer pause{executor, second_look};
            co_await pause.async_wait(use_tuple);
            continue;
        }
        is_in_hole_ = is_missing;
        if (is_missing) {
            // Nothing here; an empty answer below the head means that nothing follows either.
            const Position last = records ? head : first;
            std::vector<RecordSlot> slots;
            for (Position at = first; at <= last && slots.size() < batch_max; at = at.next()) {
                slots.push_back({at, {}});
            }
            co_return slots;
        }
        batch_ = std::min(batch_ * 2, batch_max);
        co_return slots_of(*std::move(records), first, head);
    }
}

} // namespace sealstream
