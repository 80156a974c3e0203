#include "audit/service/record_reader.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::size_t batch_max = 4'096; // events
constexpr std::size_t batch_bytes = 8 << 20;
constexpr unsigned tries_max = 5;

} // namespace

Task<Result<std::vector<RecordSlot>>> RecordReader::read(Position first, Position head)
{
    std::vector<RecordSlot> slots;
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
            continue;
        }
        if (!records || records->empty()) {
            // Nothing here; an empty answer below the head means that nothing follows either.
            const Position last = records ? head : first;
            for (Position at = first; at <= last && slots.size() < batch_max; at = at.next()) {
                slots.push_back({at, {}});
            }
            co_return slots;
        }
        batch_ = std::min(batch_ * 2, batch_max);
        Position next = first;
        for (StoredRecord& record : *records) {
            for (; next < record.position && next <= head; next = next.next()) {
                slots.push_back({next, {}});
            }
            if (next > head) {
                break;
            }
            next = record.position.next();
            const Position position = record.position;
            slots.push_back({position, std::move(record)});
        }
        co_return slots;
    }
}

} // namespace sealstream
