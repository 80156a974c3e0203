#pragma once

// The audit stream on JetStream: stream AUDIT_<ledger>, one message an entry. Every publish names
// the stream-wide sequence it must follow (Nats-Expected-Last-Sequence), and these conditions can
// be pipelined: the server compares with what the stream will have after everything already
// proposed.

#include "core/ports/audit_log.hpp"
#include "jetstream/options.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace sealstream::jetstream {

struct AuditLogOptions {
    std::string ledger{"main"};
    int replicas{1};
    std::int64_t bytes_max{-1};
    std::size_t batch_entries_max{500}; // in one atomic batch
    std::size_t batch_bytes_max{16 << 20};
    std::chrono::milliseconds acknowledge_timeout{5'000};
    std::chrono::milliseconds request_timeout{5'000};
};

class JetStreamAuditLog final : public AuditLog {
public:
    // As JetStreamEventLog::open. The auditor has a connection, and in production an identity, of
    // its own.
    [[nodiscard]] static boost::asio::awaitable<Result<std::unique_ptr<JetStreamAuditLog>>>
    open(ConnectionOptions connection, AuditLogOptions options, boost::asio::any_io_executor home);

    ~JetStreamAuditLog() override;

    [[nodiscard]] boost::asio::awaitable<Result<std::uint64_t>>
    append(std::uint64_t last, std::vector<Bytes> entries) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<AuditEntry>>>
    read_from(std::uint64_t after, std::size_t entries_max) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::uint64_t>> last() override;
    void close() noexcept;

private:
    struct Core;
    explicit JetStreamAuditLog(std::shared_ptr<Core> core);
    std::shared_ptr<Core> core_;
};

} // namespace sealstream::jetstream
