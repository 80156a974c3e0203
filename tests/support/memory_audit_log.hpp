#pragma once

// The audit stream in memory. Several writers may hold it, as in a cluster: whoever is behind gets
// `conflict`.

#include "core/ports/audit_log.hpp"

#include <deque>

namespace sealstream::testing {

class MemoryAuditLog final : public AuditLog {
public:
    [[nodiscard]] boost::asio::awaitable<Result<std::uint64_t>>
    append(std::uint64_t last, std::vector<Bytes> entries) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<AuditEntry>>>
    read_from(std::uint64_t after, std::size_t entries_max) override;
    [[nodiscard]] boost::asio::awaitable<Result<std::uint64_t>> last() override;

    // The next append fails so, after this many of its entries are in.
    void fail_next_append(Errc code, std::size_t entries_in);
    void fail_next_read(Errc code) { read_faults_.push_back(code); }

    // What nobody should ever do to an audit stream.
    void replace(std::uint64_t sequence, Bytes bytes)
    {
        entries_.at(sequence - 1).bytes = std::move(bytes);
    }
    void cut_after(std::uint64_t last);

private:
    struct AppendFault {
        Errc code;
        std::size_t entries_in;
    };

    [[nodiscard]] std::optional<Error> read_fault();

    std::vector<AuditEntry> entries_;
    std::deque<AppendFault> append_faults_;
    std::deque<Errc> read_faults_;
};

} // namespace sealstream::testing
