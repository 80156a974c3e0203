#include "tests/node/http/synthetic_log.hpp"

#include "core/event/codec.hpp"
#include "tests/support/sample_events.hpp"

namespace sealstream::testing {

namespace {

constexpr WallTime beginning{1'700'000'000'000'000'000};

Error nothing_but_reading()
{
    return Error{Errc::unsupported, "a synthetic log is only read from its beginning to its end"};
}

} // namespace

class SyntheticEventLog::SyntheticFeed final : public Feed {
public:
    SyntheticFeed(SyntheticEventLog& log, Position after) : log_{log}, cursor_{after} {}

    boost::asio::awaitable<Result<FeedBatch>> next(std::size_t events_max,
                                                   std::chrono::milliseconds wait) override
    {
        if (cursor_ == log_.head_ && !is_closed_) {
            co_await log_.changed_.wait_for(wait);
        }
        if (is_closed_) {
            co_return Error{Errc::shutting_down, "closed"};
        }
        auto records = log_.read(cursor_, {events_max, 4 << 20});
        if (!records) {
            co_return records.error();
        }
        if (!records->empty()) {
            cursor_ = records->back().position;
        }
        co_return FeedBatch{*std::move(records), cursor_ == log_.head_};
    }

    void close() noexcept override
    {
        is_closed_ = true;
        log_.changed_.notify_all();
    }

private:
    SyntheticEventLog& log_;
    Position cursor_;
    bool is_closed_{false};
};

SyntheticEventLog::SyntheticEventLog(boost::asio::any_io_executor executor)
    : changed_{std::move(executor)}
{
    for (std::uint64_t at = 0; at < period; ++at) {
        records_.push_back(codec(CodecKind::canonical_json).encode(event_at(at)));
    }
}

Event SyntheticEventLog::event_at(std::uint64_t position)
{
    const std::uint64_t place = position % period;
    Event event;
    event.draft = sample_draft(place + 1);
    event.draft.type = place == 0 ? "rare.tick" : "common." + std::to_string(place % 7);
    event.draft.data = "{\"place\":" + std::to_string(place) + "}";
    event.draft.meta.clear();
    event.stream = {"load", std::to_string(place % 50)};
    event.version = Version{place + 1};
    return event;
}

Result<std::vector<StoredRecord>> SyntheticEventLog::read(Position after, ReadLimits limits)
{
    if (failures_ != 0) {
        --failures_;
        return Error{Errc::unavailable, "the test says so"};
    }
    std::vector<StoredRecord> records;
    std::size_t bytes = 0;
    while (after < head_ && records.size() < limits.events_max &&
           (bytes < limits.bytes_max || records.empty())) {
        after = after.next();
        const Bytes& record = records_[after.value % period];
        bytes += record.size();
        records.push_back({after, beginning, record});
    }
    return records;
}

boost::asio::awaitable<Result<Appended>> SyntheticEventLog::append(AppendRequest)
{
    co_return nothing_but_reading();
}

boost::asio::awaitable<Result<std::vector<StoredRecord>>>
SyntheticEventLog::read_from(Position after, ReadLimits limits, LogFilter)
{
    co_return read(after, limits);
}

boost::asio::awaitable<Result<std::vector<StoredRecord>>>
SyntheticEventLog::read_stream(StreamName, Version, ReadLimits)
{
    co_return nothing_but_reading();
}

boost::asio::awaitable<Result<StreamHead>> SyntheticEventLog::stream_head(StreamName)
{
    co_return nothing_but_reading();
}

std::unique_ptr<Feed> SyntheticEventLog::subscribe_from(Position after, LogFilter)
{
    return std::make_unique<SyntheticFeed>(*this, after);
}

boost::asio::awaitable<Result<Position>> SyntheticEventLog::head()
{
    co_return head_;
}

boost::asio::awaitable<Result<Position>> SyntheticIndex::cursor()
{
    co_return Position{log_.grown().value - std::min(lag, log_.grown().value)};
}

boost::asio::awaitable<Result<std::vector<IndexedEvent>>> SyntheticIndex::query(EventQuery query)
{
    ++queries;
    const auto reached = co_await cursor();
    std::vector<IndexedEvent> found;
    if (query.types != std::vector<std::string>{"rare.*"}) {
        co_return Error{Errc::unavailable, "only rare events are indexed"};
    }
    constexpr std::uint64_t period = SyntheticEventLog::period;
    for (std::uint64_t place = (query.after.value / period + 1) * period;
         place <= reached->value && found.size() < query.events_max; place += period) {
        found.push_back({Position{place}, beginning, SyntheticEventLog::event_at(place)});
    }
    co_return found;
}

boost::asio::awaitable<Result<IndexedEvent>> SyntheticIndex::find(EventId, Position)
{
    co_return Error{Errc::not_found, "not asked for"};
}

} // namespace sealstream::testing
