#include "tests/support/memory_feed.hpp"

namespace sealstream::testing {

Task<Result<FeedBatch>> MemoryFeed::next(std::size_t events_max, std::chrono::milliseconds wait)
{
    const auto deadline = std::chrono::steady_clock::now() + wait;
    while (true) {
        if (is_closed_) {
            co_return closed_error();
        }
        if (auto fault = state_->read_fault()) {
            co_return *std::move(fault);
        }
        if (cursor_.value > state_->records.size()) {
            co_return Error{Errc::corrupt, "the log has gone back"};
        }
        const ReadLimits limits{events_max, ~std::size_t{0}};
        FeedBatch batch{state_->page_after(cursor_, limits, filter_), false};
        const auto left = deadline - std::chrono::steady_clock::now();
        if (!batch.records.empty() || left.count() <= 0) {
            cursor_ = batch.records.empty() ? cursor_ : batch.records.back().position;
            const ReadLimits one{1, 1};
            batch.is_caught_up = state_->page_after(cursor_, one, filter_).empty();
            if (batch.is_caught_up) {
                cursor_ = Position{state_->records.size()};
            }
            co_return batch;
        }
        cursor_ = Position{state_->records.size()};
        co_await state_->grown.wait_for(left);
    }
}

void MemoryFeed::close() noexcept
{
    is_closed_ = true;
    state_->grown.notify_all();
}

} // namespace sealstream::testing
