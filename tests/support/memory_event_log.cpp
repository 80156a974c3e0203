#include "tests/support/memory_event_log.hpp"

#include "tests/support/memory_feed.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace sealstream::testing {

MemoryEventLog::MemoryEventLog(boost::asio::any_io_executor executor, const Clock& clock,
                               MemoryLogOptions options)
    : state_{std::make_shared<State>(std::move(executor), clock, std::move(options))}
{
}

MemoryEventLog::~MemoryEventLog()
{
    close();
}

Task<Result<Appended>> MemoryEventLog::append(AppendRequest request)
{
    const auto state = state_;
    co_await boost::asio::post(state->grown.executor(),
                               boost::asio::use_awaitable); // others may come between
    if (state->is_closed) {
        co_return closed_error();
    }
    std::optional<MemoryAppendFault> fault;
    if (!state->append_faults.empty()) {
        fault = state->append_faults.front();
        state->append_faults.pop_front();
    }
    if (fault && fault->strike == Strike::before_effect) {
        co_return Error{fault->code, "a made-up failure, before the append"};
    }
    auto appended = state->append(request);
    if (fault) {
        co_return Error{fault->code, "a made-up failure, after the append"};
    }
    co_return appended;
}

Task<Result<std::vector<StoredRecord>>> MemoryEventLog::read_from(Position after, ReadLimits limits,
                                                                  LogFilter filter)
{
    if (auto fault = state_->read_fault()) {
        co_return *std::move(fault);
    }
    SEAL_CO_TRY_VOID(filter.check());
    co_return state_->page_after(after, limits, filter);
}

Task<Result<std::vector<StoredRecord>>>
MemoryEventLog::read_stream(StreamName stream, Version after, ReadLimits limits)
{
    if (auto fault = state_->read_fault()) {
        co_return *std::move(fault);
    }
    const auto known = state_->streams.find(stream);
    if (known == state_->streams.end()) {
        co_return std::vector<StoredRecord>{};
    }
    const auto& positions = known->second.positions;
    co_return state_->page(static_cast<std::size_t>(after.value), positions.size(), limits,
                           [&positions](std::size_t at) { return positions[at]; });
}

Task<Result<StreamHead>> MemoryEventLog::stream_head(StreamName stream)
{
    if (auto fault = state_->read_fault()) {
        co_return *std::move(fault);
    }
    const auto known = state_->streams.find(stream);
    co_return known == state_->streams.end() ? StreamHead{} : known->second.head;
}

std::unique_ptr<Feed> MemoryEventLog::subscribe_from(Position after, LogFilter filter)
{
    if (const auto checked = filter.check(); !checked) {
        return std::make_unique<RefusedFeed>(checked.error());
    }
    return std::make_unique<MemoryFeed>(state_, after, std::move(filter));
}

Task<Result<Position>> MemoryEventLog::head()
{
    if (auto fault = state_->read_fault()) {
        co_return *std::move(fault);
    }
    co_return told_head.of(Position{state_->records.size()});
}

Task<Result<Position>> MemoryEventLog::settled_head(Position seen)
{
    if (auto fault = state_->read_fault()) {
        co_return *std::move(fault);
    }
    co_return told_head.settled(Position{state_->records.size()}, seen);
}

std::string MemoryEventLog::incarnation() const
{
    return "memory-" + std::to_string(state_->incarnation);
}

bool MemoryEventLog::forgets_ids() const
{
    return state_->options.id_window.has_value();
}

Task<Result<LogMoment>> MemoryEventLog::moment()
{
    if (auto fault = state_->read_fault()) {
        co_return *std::move(fault);
    }
    const auto window = state_->options.id_window.value_or(std::chrono::nanoseconds{0});
    co_return LogMoment{Position{state_->records.size()}, state_->clock.wall(), window};
}

Task<Result<std::vector<IdPlace>>> MemoryEventLog::find_ids(std::vector<EventId> ids)
{
    if (auto fault = state_->read_fault()) {
        co_return *std::move(fault);
    }
    if (forgets_ids()) {
        co_return Error{Errc::unsupported, "told to forget ids"};
    }
    std::vector<IdPlace> places;
    for (const EventId& id : ids) {
        const auto known = state_->ids.find(id);
        if (known != state_->ids.end()) {
            places.push_back({id, known->second});
        }
    }
    co_return places;
}

Durability MemoryEventLog::durability() const
{
    return Durability{"memory", 1, false};
}

void MemoryEventLog::close() noexcept
{
    state_->is_closed = true;
    state_->grown.notify_all();
}

void MemoryEventLog::fail_next_append(Errc code, Strike strike)
{
    state_->append_faults.push_back({code, strike});
}

void MemoryEventLog::fail_next_read(Errc code, std::function<void()> meanwhile)
{
    state_->read_faults.emplace_back(code, std::move(meanwhile));
}

void MemoryEventLog::replace_record(Position position, Bytes record)
{
    state_->records.at(position.value - 1).record = std::move(record);
}

void MemoryEventLog::cut_after(Position last)
{
    state_->records.resize(std::min<std::size_t>(state_->records.size(), last.value));
    state_->names.resize(state_->records.size());
    std::erase_if(state_->ids, [last](const auto& known) { return known.second > last; });
    for (auto& [name, stream] : state_->streams) {
        std::erase_if(stream.positions, [last](Position position) { return position > last; });
        stream.head = {};
        if (!stream.positions.empty()) {
            const Position newest = stream.positions.back();
            const Event event = state_->event_at(newest);
            stream.head = {event.version, newest, event.hash.value_or(Digest{})};
        }
    }
    state_->grown.notify_all();
}

void MemoryEventLog::become_another_log()
{
    cut_after(Position{0});
    state_->streams.clear();
    ++state_->incarnation;
}

} // namespace sealstream::testing
