#include "tests/support/memory_event_log.hpp"

#include "core/async/notifier.hpp"
#include "core/base/check.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <deque>
#include <unordered_map>

namespace sealstream::testing {

namespace {

struct Stream {
    StreamHead head;
    std::vector<Position> positions; // of version 1, 2, 3 …
};

struct AppendFault {
    Errc code;
    MemoryEventLog::Strike strike;
};

Error closed()
{
    return Error{Errc::shutting_down, "the log is closed"};
}

} // namespace

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
    void add(const Event& event, Stream& stream);

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
            return closed();
        }
        if (read_faults.empty()) {
            return std::nullopt;
        }
        const Errc code = read_faults.front();
        read_faults.pop_front();
        return Error{code, "a made-up failure"};
    }

    const Clock& clock;
    const MemoryLogOptions options;
    Notifier grown;
    std::vector<StoredRecord> records;
    std::vector<StreamName>
        names; // of each record's stream: what a server knows without reading it
    std::unordered_map<StreamName, Stream> streams;
    std::unordered_map<EventId, Position> ids;
    std::deque<AppendFault> append_faults;
    std::deque<Errc> read_faults;
    std::uint64_t incarnation{1};
    bool is_closed{false};
};

Result<std::optional<Appended>>
MemoryEventLog::State::find_repeat(const AppendRequest& request) const
{
    Appended repeat{{}, true};
    bool is_new_seen = false;
    for (const StreamAppend& append : request.appends) {
        for (const Draft& draft : append.drafts) {
            const auto known = ids.find(draft.id);
            if (known == ids.end() || is_forgotten(known->second)) {
                is_new_seen = true;
                continue;
            }
            const Event earlier = event_at(known->second);
            if (earlier.stream != append.stream || !is_same_content(draft, earlier.draft)) {
                return Error{Errc::key_reuse, "the id is in the log with other content"};
            }
            repeat.events.push_back({draft.id, append.stream, known->second, earlier.version});
        }
    }
    if (repeat.events.empty()) {
        return std::optional<Appended>{};
    }
    if (is_new_seen) {
        return Error{Errc::key_reuse, "a part of the append is in the log already"};
    }
    return std::optional{std::move(repeat)};
}

void MemoryEventLog::State::add(const Event& event, Stream& stream)
{
    const Position position{records.size() + 1};
    records.push_back({position, clock.wall(), codec(options.codec).encode(event)});
    names.push_back(event.stream);
    ids.insert_or_assign(event.draft.id, position);
    stream.head.position = position;
    stream.positions.push_back(position);
}

Result<Appended> MemoryEventLog::State::append(const AppendRequest& request)
{
    if (const auto checked = check_request(request, append_events_max); !checked) {
        return checked.error();
    }
    if (options.id_window && clock.monotonic() >= request.send_until) {
        return Error{Errc::timed_out, "the look-up is too old"};
    }
    auto repeat = find_repeat(request);
    if (!repeat) {
        return repeat.error();
    }
    if (*repeat) {
        return **std::move(repeat);
    }
    for (const StreamAppend& append : request.appends) {
        if (const auto met = check(append.stream, append.expected); !met) {
            return met.error();
        }
    }
    for (const StreamCheck& other : request.checks) {
        if (const auto met = check(other.stream, other.expected); !met) {
            return met.error();
        }
    }
    Appended appended;
    for (const StreamAppend& append : request.appends) {
        Stream& stream = streams[append.stream];
        const bool is_chained = options.chain.requires_chain(append.stream.type);
        for (const Event& event : seal(append, stream.head, is_chained)) {
            add(event, stream);
            appended.events.push_back(
                {event.draft.id, event.stream, stream.head.position, event.version});
        }
    }
    grown.notify_all();
    return appended;
}

namespace {

class MemoryFeed final : public Feed {
public:
    MemoryFeed(std::shared_ptr<MemoryEventLog::State> state, Position after, LogFilter filter)
        : state_{std::move(state)},
          filter_{std::move(filter)},
          cursor_{after}
    {
    }

    Task<Result<FeedBatch>> next(std::size_t events_max, std::chrono::milliseconds wait) override
    {
        const auto deadline = std::chrono::steady_clock::now() + wait;
        while (true) {
            if (is_closed_) {
                co_return closed();
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

    void close() noexcept override
    {
        is_closed_ = true;
        state_->grown.notify_all();
    }

private:
    std::shared_ptr<MemoryEventLog::State> state_;
    LogFilter filter_;
    Position cursor_; // the last position that was delivered
    bool is_closed_{false};
};

} // namespace

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
        co_return closed();
    }
    std::optional<AppendFault> fault;
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
    return std::make_unique<MemoryFeed>(state_, after, std::move(filter));
}

Task<Result<Position>> MemoryEventLog::head()
{
    if (auto fault = state_->read_fault()) {
        co_return *std::move(fault);
    }
    co_return Position{state_->records.size()};
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

void MemoryEventLog::fail_next_read(Errc code)
{
    state_->read_faults.push_back(code);
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
