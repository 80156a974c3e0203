#include "jetstream/jetstream_audit_log.hpp"

#include "jetstream/direct_reader.hpp"
#include "jetstream/publisher.hpp"
#include "jetstream/stream_admin.hpp"
#include "jetstream/subject.hpp"

namespace sealstream::jetstream {

namespace {

constexpr std::size_t read_bytes_max = 16 << 20; // of one page
constexpr std::size_t in_flight_max = 16;        // groups without an answer

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
    std::uint64_t known_last{0}; // as the leader has said; replicas may be behind it
    std::unique_ptr<Connection> connection;
    std::unique_ptr<Publisher> publisher;
    std::unique_ptr<DirectReader> reader;
    bool is_closed{false};

    [[nodiscard]] Task<Result<std::uint64_t>> append_group(std::uint64_t last,
                                                           std::span<const Bytes> group);
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
    core->publisher = std::make_unique<Publisher>(*core->connection, home, in_flight_max,
                                                  core->options.acknowledge_timeout);
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

// Entries go as atomic batches with one condition each. Pipelining single publishes that each name
// the next sequence is no fence: when another writer has appended as many as we had in flight, a
// later one of ours names just the sequence that the stream has by then, and slips in behind the
// other's.
Task<Result<std::uint64_t>> JetStreamAuditLog::append(std::uint64_t last,
                                                      std::vector<Bytes> entries)
{
    const auto core = core_;
    std::size_t at = 0;
    while (at < entries.size()) {
        std::size_t bytes = 0;
        std::size_t end = at;
        while (end < entries.size() && end - at < core->options.batch_entries_max &&
               (end == at || bytes + entries[end].size() <= core->options.batch_bytes_max)) {
            bytes += entries[end++].size();
        }
        const std::span<const Bytes> group{entries.data() + at, end - at};
        const auto reached = co_await core->append_group(last, group);
        if (!reached && at != 0 && reached.error().code != Errc::conflict) {
            // What came before is in, so the caller must look.
            co_return Error{Errc::outcome_unknown, describe(reached.error())};
        }
        if (!reached) {
            co_return reached.error();
        }
        last = *reached;
        at = end;
    }
    co_return last;
}

// `group` lives in the caller's frame, who awaits at once.
Task<Result<std::uint64_t>> JetStreamAuditLog::Core::append_group(std::uint64_t last,
                                                                  std::span<const Bytes> group)
{
    if (is_closed) {
        co_return Error{Errc::shutting_down, {}};
    }
    const std::string condition = std::to_string(last);
    std::vector<Publisher::Outgoing> messages;
    messages.reserve(group.size());
    for (const Bytes& entry : group) {
        Publisher::Outgoing message;
        message.subject = subject;
        message.payload = as_text(entry);
        messages.push_back(std::move(message));
    }
    messages.front().headers.push_back({"Nats-Expected-Last-Sequence", condition.c_str()});
    struct Outcome {
        explicit Outcome(boost::asio::any_io_executor executor) : answered{std::move(executor)} {}
        std::optional<Ack> ack;
        Notifier answered;
    };
    const auto outcome = std::make_shared<Outcome>(home);
    auto on_ack = [outcome](Ack ack) {
        outcome->ack = std::move(ack);
        outcome->answered.notify_all();
    };
    const auto sent = messages.size() == 1 ? publisher->publish(messages.front(), on_ack)
                                           : publisher->publish_batch(messages, on_ack);
    if (!sent) {
        co_return sent.error();
    }
    while (!outcome->ack && !is_closed) {
        co_await outcome->answered.wait_for(options.acknowledge_timeout); // the publisher bounds it
    }
    if (!outcome->ack) {
        co_return Error{Errc::outcome_unknown, "closed before the answer came"};
    }
    const Ack& ack = *outcome->ack;
    const std::string text = std::string{sealstream::jetstream::name(ack.kind)} + ": " + ack.text;
    switch (ack.kind) {
    case Ack::Kind::stored:
        if (ack.sequence != last + group.size()) {
            co_return Error{Errc::corrupt, "the audit stream numbers its entries otherwise"};
        }
        known_last = std::max(known_last, ack.sequence);
        co_return ack.sequence;
    case Ack::Kind::wrong_sequence:
        co_return Error{Errc::conflict, "another writer has appended to the audit stream"};
    case Ack::Kind::full:
        co_return Error{Errc::capacity, "the audit stream is full: " + ack.text};
    case Ack::Kind::too_large:
        co_return Error{Errc::too_large, ack.text};
    case Ack::Kind::lost:
        co_return Error{Errc::outcome_unknown, text};
    case Ack::Kind::undecided:
    case Ack::Kind::transient:
        co_return Error{Errc::unavailable, text};
    case Ack::Kind::duplicate:
    case Ack::Kind::batch_duplicate:
    case Ack::Kind::fault:
        break;
    }
    co_return Error{Errc::internal, text};
}

Task<Result<std::vector<AuditEntry>>> JetStreamAuditLog::read_from(std::uint64_t after,
                                                                   std::size_t entries_max)
{
    const auto core = core_;
    auto page = co_await core->reader->read(core->subject, after + 1, entries_max, read_bytes_max);
    if (core->is_closed) {
        co_return Error{Errc::shutting_down, {}};
    }
    if (!page) {
        co_return page.error();
    }
    if (page->records.empty() && after < core->known_last) {
        auto one = co_await core->reader->get_of_leader(after + 1);
        if (one) {
            page->records.push_back(*std::move(one));
        } else if (one.error().code != Errc::not_found) {
            co_return one.error();
        }
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
    if (core->is_closed) {
        co_return Error{Errc::shutting_down, {}};
    }
    const auto state =
        co_await stream_state(*core->connection, core->name, core->options.request_timeout);
    if (!state) {
        co_return state.error();
    }
    if (state->incarnation != core->incarnation) {
        co_return Error{Errc::corrupt, "the audit stream was deleted and made again"};
    }
    core->known_last = std::max(core->known_last, state->last_sequence);
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
