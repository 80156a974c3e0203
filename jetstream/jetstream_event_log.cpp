#include "jetstream/jetstream_event_log.hpp"

#include "core/base/log.hpp"
#include "jetstream/appender.hpp"
#include "jetstream/consumer_feed.hpp"
#include "jetstream/matching_reader.hpp"
#include "jetstream/stream_admin.hpp"
#include "jetstream/subject.hpp"
#include "jetstream/sync_mode.hpp"

namespace sealstream::jetstream {

namespace {

constexpr std::size_t page_events_max =
    500; // a page holds the server's stream lock while it is read
constexpr std::chrono::milliseconds newest_wait{1'000}; // who asks, asks again soon
constexpr std::size_t page_hints_max = 10'000; // streams whose last read place is remembered

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
    Durability durability;
    bool is_closed{false};

    // Two, so that a long read never stands before an append.
    std::unique_ptr<Connection> writing;
    std::unique_ptr<Connection> reading;
    std::unique_ptr<DirectReader> reader;
    std::unique_ptr<Publisher> plain;
    std::unique_ptr<Publisher> batches;
    std::unique_ptr<Appender> appender;
    Position known_head; // as the leader has said; replicas may be behind it

    // Where the page before ended, so that paging through a long stream does not begin anew each
    // time.
    struct Hint {
        Version version;
        Position position;
    };
    std::unordered_map<StreamName, Hint> hints;
};

namespace {

// Of all servers, because any of them may hold a copy: synced only if each one syncs every write.
Task<Durability> find_durability(EventLogOptions options, boost::asio::any_io_executor home)
{
    Durability durability;
    durability.replicas = options.replicas;
    durability.is_synced = options.is_synced;
    std::vector<std::string> urls;
    for (std::string_view left = options.monitor_urls; !left.empty();) {
        const auto url = left.substr(0, left.find(','));
        left.remove_prefix(std::min(url.size() + 1, left.size()));
        urls.emplace_back(url);
    }
    bool is_always = true;
    durability.is_confirmed = !urls.empty();
    for (const std::string& url : urls) {
        const auto mode = co_await read_sync_mode(url, home, options.request_timeout);
        if (!mode) {
            log(Level::warn, "log.durability_unknown", "jetstream",
                {{"why", describe(mode.error())}});
            durability.is_confirmed = false;
            break;
        }
        is_always = is_always && mode->is_always;
        durability.sync_interval = std::max(durability.sync_interval, mode->interval);
    }
    if (durability.is_confirmed && is_always != options.is_synced) {
        log(Level::warn, "log.durability_differs", "jetstream",
            {{"nats.synced", options.is_synced}, {"server", is_always}});
    }
    if (durability.is_confirmed) {
        durability.is_synced = is_always;
    }
    durability.name = "jetstream-r" + std::to_string(durability.replicas) +
                      (durability.is_synced ? "-synced" : "-lazy");
    co_return durability;
}

} // namespace

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
    core->durability = co_await find_durability(core->options, home);
    core->options.is_synced = core->durability.is_synced; // decides about group commit
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
    });
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
        co_return co_await read_matching(*core->reader, core->options.ledger, after, limits,
                                         std::move(filter));
    }
    std::vector<StoredRecord> records;
    std::size_t bytes = 0;
    while (records.size() < limits.events_max && bytes < limits.bytes_max) {
        if (core->is_closed) {
            co_return Error{Errc::shutting_down, {}};
        }
        const Position last = records.empty() ? after : records.back().position;
        const auto wanted = std::min(page_events_max, limits.events_max - records.size());
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
    const std::string subject = subject_of(core->options.ledger, stream);
    std::vector<StoredRecord> records;
    std::size_t bytes = 0;
    std::uint64_t next = 1;
    const auto hint = core->hints.find(stream);
    if (hint != core->hints.end() && hint->second.version <= after) {
        next = hint->second.position.value + 1;
    }
    JetStreamEventLog::Core::Hint reached{};
    bool is_full = false;
    while (!is_full) {
        if (core->is_closed) {
            co_return Error{Errc::shutting_down, {}};
        }
        const auto page =
            co_await core->reader->read(subject, next, page_events_max, limits.bytes_max);
        if (!page) {
            co_return page.error();
        }
        for (const StoredRecord& stored : page->records) {
            const auto event = decode_record(stored.record);
            if (!event || event->stream != stream) {
                co_return Error{Errc::corrupt, "position " + std::to_string(stored.position.value) +
                                                   " does not hold an event of its stream"};
            }
            is_full = records.size() == limits.events_max ||
                      (!records.empty() && bytes + stored.record.size() > limits.bytes_max);
            if (is_full) {
                break;
            }
            reached = {event->version, stored.position};
            if (event->version > after) {
                bytes += stored.record.size();
                records.push_back(stored);
            }
        }
        if (page->records.empty() || page->pending == 0) {
            break;
        }
        next = page->records.back().position.value + 1;
    }
    if (reached.position.value != 0) {
        if (core->hints.size() >= page_hints_max) {
            core->hints.clear();
        }
        core->hints[stream] = reached;
    }
    co_return records;
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
    return core_->durability;
}

EventLogStatus JetStreamEventLog::status() const
{
    return {core_->writing->is_connected() && core_->reading->is_connected(),
            core_->writing->reconnects() + core_->reading->reconnects(),
            core_->found.server_version, core_->appender->flights()};
}

void JetStreamEventLog::close() noexcept
{
    if (std::exchange(core_->is_closed, true)) {
        return;
    }
    core_->appender->close();
    core_->plain->close();
    core_->batches->close();
    core_->reader->close();
    core_->writing->close();
    core_->reading->close();
}

} // namespace sealstream::jetstream
