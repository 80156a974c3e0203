#include "jetstream/jetstream_event_log.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "jetstream/appender.hpp"
#include "jetstream/consumer_feed.hpp"
#include "jetstream/durability_watch.hpp"
#include "jetstream/matching_reader.hpp"
#include "jetstream/stream_admin.hpp"
#include "jetstream/stream_reading.hpp"
#include "jetstream/subject.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sealstream::jetstream {

namespace {

constexpr std::size_t log_page_events_max =
    500; // a page holds the server's stream lock while it is read
constexpr std::chrono::milliseconds newest_wait{1'000}; // who asks, asks again soon
constexpr std::chrono::milliseconds settle_pause{250};
constexpr std::size_t page_marks_max = 10'000; // streams whose last read place is remembered

} // namespace

struct JetStreamEventLog::Core {
    Core(EventLogOptions log_options, FeedOptions feed_options, const Clock& time,
         boost::asio::any_io_executor executor)
        : options{std::move(log_options)},
          feed{feed_options},
          clock{time},
          home{std::move(executor)}
    {
    }

    EventLogOptions options;
    FeedOptions feed;
    const Clock& clock;
    boost::asio::any_io_executor home;
    std::string name{log_name(options.ledger)};
    StreamState found;
    bool is_closed{false};

    // Two, so that a long read never stands before an append.
    std::unique_ptr<Connection> writing;
    std::unique_ptr<Connection> reading;
    std::unique_ptr<DirectReader> reader;
    std::unique_ptr<Publisher> plain;
    std::unique_ptr<Publisher> batches;
    std::unique_ptr<Appender> appender;
    std::unique_ptr<DurabilityWatch> durability;
    Position known_head; // as the leader has said; replicas may be behind it

    std::unordered_map<StreamName, StreamMark> marks; // where the last page of each ended
};

// Beside everything else, until the log is closed.
Task<void> JetStreamEventLog::watch_durability(std::shared_ptr<Core> core)
{
    auto tell = [raw = core.get()](const Durability& now) {
        raw->appender->set_synced(now.is_synced); // decides about group commit
    };
    co_await core->durability->run(std::move(tell));
}

// From the leader.
Task<Result<StreamState>> JetStreamEventLog::current_state(std::shared_ptr<Core> core)
{
    if (core->is_closed) {
        co_return Error{Errc::shutting_down, {}};
    }
    const auto timeout = core->options.request_timeout;
    SEAL_CO_TRY(state, co_await stream_state(*core->writing, core->name, timeout));
    if (state.incarnation != core->found.incarnation) {
        co_return Error{Errc::corrupt, "the log was deleted and made again"};
    }
    core->known_head = std::max(core->known_head, Position{state.last_sequence});
    co_return state;
}

JetStreamEventLog::JetStreamEventLog(std::shared_ptr<Core> core) : core_{std::move(core)} {}

JetStreamEventLog::~JetStreamEventLog()
{
    close();
}

Task<Result<std::unique_ptr<JetStreamEventLog>>>
JetStreamEventLog::open(ConnectionOptions connection, EventLogOptions options, FeedOptions feed,
                        const Clock& clock, boost::asio::any_io_executor home)
{
    auto core = std::make_shared<Core>(std::move(options), feed, clock, home);
    auto writing = Connection::open(connection, home);
    if (!writing) {
        co_return writing.error();
    }
    core->writing = *std::move(writing);
    auto reading = Connection::open(connection, home);
    if (!reading) {
        co_return reading.error();
    }
    core->reading = *std::move(reading);
    const auto timeout = core->options.request_timeout;
    auto wanted = event_log_config(core->options);
    const auto state = co_await ensure_stream(*core->writing, std::move(wanted), timeout);
    if (!state) {
        co_return state.error();
    }
    core->found = *state;
    core->durability = std::make_unique<DurabilityWatch>(*core->writing, core->options, home);
    co_await core->durability->look();
    core->options.is_synced = core->durability->known().is_synced; // decides about group commit
    core->reader = std::make_unique<DirectReader>(*core->reading, core->name, home, timeout);
    core->plain =
        std::make_unique<Publisher>(*core->writing, home, core->options.plain_in_flight_max + 16,
                                    core->options.acknowledge_timeout);
    core->batches =
        std::make_unique<Publisher>(*core->reading, home, core->options.batches_in_flight_max + 16,
                                    core->options.acknowledge_timeout);
    core->appender = std::make_unique<Appender>(*core->plain, *core->batches, *core->writing,
                                                *core->reader, core->options, clock, home);
    core->appender->set_owner(core);
    SEAL_CO_TRY_VOID(core->reader->start());
    SEAL_CO_TRY_VOID(core->plain->start());
    SEAL_CO_TRY_VOID(core->batches->start());
    core->writing->on_state([raw = core.get()](bool is_connected) {
        log(is_connected ? Level::info : Level::warn,
            is_connected ? "nats.reconnected" : "nats.disconnected", "jetstream",
            {{"stream", raw->name}});
        if (!is_connected) {
            raw->plain->lose_all();
            raw->batches->lose_all();
        }
        raw->appender->forget_heads();
        if (is_connected) {
            raw->durability->look_soon();
        }
    });
    for (Connection* const link : {core->writing.get(), core->reading.get()}) {
        link->on_silence([raw = core.get()] { raw->durability->look_soon(); });
    }
    auto on_watch_ended = [](const std::exception_ptr& thrown) {
        SEAL_CHECK(!thrown, "the watch on durability never throws");
    };
    boost::asio::co_spawn(home, watch_durability(core), std::move(on_watch_ended));
    co_return std::unique_ptr<JetStreamEventLog>{new JetStreamEventLog{std::move(core)}};
}

Task<Result<Appended>> JetStreamEventLog::append(AppendRequest request)
{
    const auto core = core_;
    co_return co_await core->appender->append(std::move(request));
}

Task<Result<std::vector<StoredRecord>>>
JetStreamEventLog::read_from(Position after, ReadLimits limits, LogFilter filter)
{
    const auto core = core_;
    SEAL_CO_TRY_VOID(filter.check());
    if (!filter.is_empty()) {
        SEAL_CO_TRY(state, co_await current_state(core));
        const Reading reading{*core->reader, core->clock, core->home,
                              core->clock.monotonic() + core->options.request_timeout,
                              core->options.replicas > 1};
        const Position head{state.last_sequence};
        co_return co_await read_matching(reading, core->options.ledger, after, head, limits,
                                         std::move(filter));
    }
    std::vector<StoredRecord> records;
    std::size_t bytes = 0;
    while (records.size() < limits.events_max && bytes < limits.bytes_max) {
        if (core->is_closed) {
            co_return Error{Errc::shutting_down, {}};
        }
        const Position last = records.empty() ? after : records.back().position;
        const auto wanted = std::min(log_page_events_max, limits.events_max - records.size());
        std::string subjects = log_subjects(core->options.ledger);
        auto page = co_await core->reader->read(std::move(subjects), last.value + 1, wanted,
                                                limits.bytes_max - bytes);
        if (core->is_closed) {
            co_return Error{Errc::shutting_down, {}};
        }
        if (!page) {
            co_return page.error();
        }
        if (page->records.empty()) {
            if (last >= std::max(core->appender->newest(), core->known_head)) {
                break;
            }
            auto one = co_await core->reader->get_of_leader(last.value + 1);
            if (!one && one.error().code == Errc::not_found) {
                break;
            }
            if (!one) {
                co_return one.error();
            }
            page->records.push_back(*std::move(one));
        }
        for (StoredRecord& record : page->records) {
            const Position before = records.empty() ? after : records.back().position;
            if (record.position != before.next()) {
                co_return Error{Errc::corrupt,
                                "the log has no position " + std::to_string(before.value + 1) +
                                    "; the next one is " + std::to_string(record.position.value)};
            }
            if (!records.empty() && bytes + record.record.size() > limits.bytes_max) {
                co_return records;
            }
            bytes += record.record.size();
            records.push_back(std::move(record));
        }
        if (page->pending == 0 &&
            records.back().position >= std::max(core->appender->newest(), core->known_head)) {
            break;
        }
    }
    co_return records;
}

Task<Result<std::vector<StoredRecord>>>
JetStreamEventLog::read_stream(StreamName stream, Version after, ReadLimits limits)
{
    const auto core = core_;
    if (core->is_closed) {
        co_return Error{Errc::shutting_down, {}};
    }
    StreamMark from;
    const auto mark = core->marks.find(stream);
    if (mark != core->marks.end() && mark->second.version <= after) {
        from = mark->second;
    }
    const Reading reading{*core->reader, core->clock, core->home,
                          core->clock.monotonic() + core->options.request_timeout,
                          core->options.replicas > 1};
    auto page =
        co_await read_stream_page(reading, core->options.ledger, stream, after, from, limits);
    if (!page) {
        co_return page.error();
    }
    if (page->reached.position.value != 0) {
        if (core->marks.size() >= page_marks_max) {
            core->marks.clear();
        }
        core->marks[stream] = page->reached;
    }
    co_return std::move(page->records);
}

Task<Result<StreamHead>> JetStreamEventLog::stream_head(StreamName stream)
{
    const auto core = core_;
    if (core->is_closed) {
        co_return Error{Errc::shutting_down, {}};
    }
    co_return co_await core->appender->head_of(std::move(stream));
}

std::unique_ptr<Feed> JetStreamEventLog::subscribe_from(Position after, LogFilter filter)
{
    if (const auto checked = filter.check(); !checked) {
        return std::make_unique<RefusedFeed>(checked.error());
    }
    return std::make_unique<ConsumerFeed>(
        *core_->reading, core_->name, core_->found.incarnation, after,
        subjects_of_types(core_->options.ledger, filter.stream_types), core_->feed,
        core_->options.request_timeout, core_->home, core_);
}

Task<Result<Position>> JetStreamEventLog::head()
{
    const auto core = core_;
    SEAL_CO_TRY(state, co_await current_state(core));
    co_return Position{state.last_sequence};
}

Task<Result<Position>> JetStreamEventLog::settled_head(Position seen)
{
    const auto core = core_;
    boost::asio::steady_timer timer{core->home};
    const auto until = std::chrono::steady_clock::now() + core->options.settle_timeout;
    for (;;) {
        SEAL_CO_TRY(last, co_await head());
        if (last >= seen || core->options.replicas <= 1 ||
            std::chrono::steady_clock::now() >= until) {
            co_return last;
        }
        timer.expires_after(settle_pause);
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
}

Task<Result<Position>> JetStreamEventLog::newest(LogFilter filter)
{
    const auto core = core_;
    SEAL_CO_TRY_VOID(filter.check());
    if (core->is_closed) {
        co_return Error{Errc::shutting_down, {}};
    }
    if (filter.is_empty()) {
        co_return co_await head();
    }
    Position newest;
    for (const auto& subject : subjects_of_types(core->options.ledger, filter.stream_types)) {
        const auto last = co_await core->reader->last_of_leader(subject, newest_wait);
        if (!last && last.error().code != Errc::not_found) {
            co_return last.error();
        }
        newest = last ? std::max(newest, last->position) : newest;
    }
    co_return newest;
}

Task<Result<LogMoment>> JetStreamEventLog::moment()
{
    const auto core = core_;
    SEAL_CO_TRY(state, co_await current_state(core));
    if (state.now == WallTime{} || state.duplicate_window.count() <= 0) {
        co_return Error{Errc::unsupported,
                        "the server does not tell its time, or remembers no ids at all"};
    }
    co_return LogMoment{Position{state.last_sequence}, state.now, state.duplicate_window};
}

std::string JetStreamEventLog::incarnation() const
{
    return core_->found.incarnation;
}

Durability JetStreamEventLog::durability() const
{
    return core_->durability->known();
}

EventLogStatus JetStreamEventLog::status() const
{
    return {core_->writing->is_connected() && core_->reading->is_connected(),
            core_->writing->reconnects() + core_->reading->reconnects(),
            core_->found.server_version,
            core_->appender->flights(),
            core_->appender->head_reads(),
            core_->writing->payload_bytes_max()};
}

Result<void> JetStreamEventLog::check_takes(std::size_t event_bytes_max) const
{
    const std::int64_t most = core_->writing->payload_bytes_max();
    if (most <= 0 || event_bytes_max <= static_cast<std::uint64_t>(most)) {
        return {};
    }
    return Error{Errc::malformed,
                 "http.event_bytes_max is " + std::to_string(event_bytes_max) +
                     ", but the NATS server takes messages of " + std::to_string(most) +
                     " bytes: raise max_payload in the configuration of each server, with room for "
                     "what a record has beside the event, or lower http.event_bytes_max"};
}

void JetStreamEventLog::close() noexcept
{
    if (std::exchange(core_->is_closed, true)) {
        return;
    }
    core_->durability->close();
    core_->appender->close();
    core_->plain->close();
    core_->batches->close();
    core_->reader->close();
    core_->writing->close();
    core_->reading->close();
}

} // namespace sealstream::jetstream
