#include "jetstream/jetstream_audit_log.hpp"

#include "jetstream/direct_reader.hpp"
#include "jetstream/publisher.hpp"
#include "jetstream/stream_admin.hpp"
#include "jetstream/subject.hpp"

namespace sealstream::jetstream {

namespace {

constexpr std::size_t read_bytes_max = 16 << 20; // of one page

} // namespace

struct JetStreamAuditLog::Core {
    Core(AuditLogOptions audit_options, boost::asio::any_io_executor executor)
        : options{std::move(audit_options)},
          home{std::move(executor)}
    {
    }

    AuditLogOptions options;
    boost::asio::any_io_executor home;
    std::string name{audit_stream_name(options.ledger)};
    std::string subject{audit_subject(options.ledger)};
    std::string incarnation;
    std::unique_ptr<Connection> connection;
    std::unique_ptr<Publisher> publisher;
    std::unique_ptr<DirectReader> reader;
    bool is_closed{false};
};

JetStreamAuditLog::JetStreamAuditLog(std::shared_ptr<Core> core) : core_{std::move(core)} {}

JetStreamAuditLog::~JetStreamAuditLog()
{
    close();
}

Task<Result<std::unique_ptr<JetStreamAuditLog>>>
JetStreamAuditLog::open(ConnectionOptions connection, AuditLogOptions options,
                        boost::asio::any_io_executor home)
{
    auto core = std::make_shared<Core>(std::move(options), home);
    auto connected = Connection::open(connection, home);
    if (!connected) {
        co_return connected.error();
    }
    core->connection = *std::move(connected);
    const auto timeout = core->options.request_timeout;
    auto wanted =
        audit_log_config(core->options.ledger, core->options.replicas, core->options.bytes_max);
    const auto state = co_await ensure_stream(*core->connection, std::move(wanted), timeout);
    if (!state) {
        co_return state.error();
    }
    core->incarnation = state->incarnation;
    core->publisher = std::make_unique<Publisher>(
        *core->connection, home, core->options.in_flight_max, core->options.acknowledge_timeout);
    core->reader = std::make_unique<DirectReader>(*core->connection, core->name, home, timeout);
    SEAL_CO_TRY_VOID(core->publisher->start());
    SEAL_CO_TRY_VOID(core->reader->start());
    core->connection->on_state([raw = core.get()](bool is_connected) {
        if (!is_connected) {
            raw->publisher->lose_all();
        }
    });
    co_return std::unique_ptr<JetStreamAuditLog>{new JetStreamAuditLog{std::move(core)}};
}

Task<Result<std::uint64_t>> JetStreamAuditLog::append(std::uint64_t last,
                                                      std::vector<Bytes> entries)
{
    const auto core = core_;
    Notifier answered{core->home};
    std::size_t waiting = 0;
    std::size_t sent_count = 0;
    std::uint64_t reached = last;
    std::optional<Error> failed;
    // One answer per entry; the first that is not "stored" decides, and all later ones fail with
    // it.
    const auto on_ack = [&](const Ack& ack) {
        --waiting;
        if (ack.kind == Ack::Kind::stored && !failed) {
            reached = std::max(reached, ack.sequence);
        } else if (ack.kind == Ack::Kind::wrong_sequence && !failed) {
            failed = Error{Errc::conflict, "another writer has appended to the audit stream"};
        } else if (ack.kind == Ack::Kind::full && !failed) {
            failed = Error{Errc::capacity, "the audit stream is full: " + ack.text};
        } else if (!failed && ack.kind != Ack::Kind::stored) {
            failed = Error{Errc::outcome_unknown, "an answer of the audit stream: " +
                                                      std::string{name(ack.kind)} + " " + ack.text};
        }
        answered.notify_all();
    };
    for (const Bytes& entry : entries) {
        while (waiting >= core->options.in_flight_max) {
            co_await answered.wait_for(core->options.acknowledge_timeout);
        }
        if (failed || core->is_closed) {
            break;
        }
        const std::string condition = std::to_string(last + sent_count);
        Publisher::Outgoing message;
        message.subject = core->subject;
        message.headers.push_back({"Nats-Expected-Last-Sequence", condition.c_str()});
        message.payload = as_text(entry);
        const auto sent = core->publisher->publish(message, on_ack);
        if (!sent) {
            failed = sent_count == 0 ? sent.error()
                                     : Error{Errc::outcome_unknown, describe(sent.error())};
            break;
        }
        ++waiting;
        ++sent_count;
    }
    while (waiting != 0) {
        co_await answered.wait_for(core->options.acknowledge_timeout); // the publisher bounds it
    }
    if (failed) {
        co_return *std::move(failed);
    }
    if (core->is_closed && sent_count != entries.size()) {
        co_return Error{Errc::shutting_down, {}};
    }
    co_return reached;
}

Task<Result<std::vector<AuditEntry>>> JetStreamAuditLog::read_from(std::uint64_t after,
                                                                   std::size_t entries_max)
{
    const auto core = core_;
    const auto page =
        co_await core->reader->read(core->subject, after + 1, entries_max, read_bytes_max);
    if (!page) {
        co_return page.error();
    }
    std::vector<AuditEntry> entries;
    entries.reserve(page->records.size());
    for (const StoredRecord& stored : page->records) {
        const std::uint64_t expected = after + entries.size() + 1;
        if (stored.position.value != expected) {
            co_return Error{Errc::corrupt,
                            "the audit stream has no sequence " + std::to_string(expected)};
        }
        entries.push_back({stored.position.value, stored.record});
    }
    co_return entries;
}

Task<Result<std::uint64_t>> JetStreamAuditLog::last()
{
    const auto core = core_;
    const auto state =
        co_await stream_state(*core->connection, core->name, core->options.request_timeout);
    if (!state) {
        co_return state.error();
    }
    if (state->incarnation != core->incarnation) {
        co_return Error{Errc::corrupt, "the audit stream was deleted and made again"};
    }
    co_return state->last_sequence;
}

void JetStreamAuditLog::close() noexcept
{
    if (std::exchange(core_->is_closed, true)) {
        return;
    }
    core_->publisher->lose_all();
    core_->publisher->close();
    core_->reader->close();
    core_->connection->close();
}

} // namespace sealstream::jetstream
