#include "postgres/postgres_audit_log.hpp"

#include "postgres/copy_buffer.hpp"

namespace sealstream {

namespace {

constexpr const char* select_last =
    "SELECT coalesce(max(sequence), 0) FROM sealstream.audit_entries WHERE ledger = $1";
constexpr const char* select_entries =
    "SELECT sequence, entry FROM sealstream.audit_entries"
    " WHERE ledger = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
constexpr const char* copy_entries =
    "COPY sealstream.audit_entries (ledger, sequence, entry) FROM STDIN (FORMAT binary)";
constexpr std::size_t audit_columns = 3;

Result<std::uint64_t> read_last(Connection& connection, const std::string& ledger)
{
    SEAL_TRY(answer, connection.run_prepared(select_last, {ledger}));
    return static_cast<std::uint64_t>(answer.integer(0, 0));
}

// Somebody who writes between our look and our insert makes the insert fail: same key.
Result<std::uint64_t> append_after(Connection& connection, const std::string& ledger,
                                   std::uint64_t last, const std::vector<Bytes>& entries)
{
    SEAL_TRY(transaction, Transaction::begin(connection));
    SEAL_TRY(found, read_last(connection, ledger));
    if (found != last) {
        return Error{Errc::conflict, "the audit stream ends at " + std::to_string(found) +
                                         ", not at " + std::to_string(last)};
    }
    CopyBuffer rows{audit_columns};
    std::uint64_t sequence = last;
    for (const Bytes& entry : entries) {
        rows.begin_row();
        rows.add_text(ledger);
        rows.add_bigint(++sequence);
        rows.add_bytes(entry);
    }
    const auto copied = connection.copy_in(copy_entries, rows.finish());
    if (!copied) {
        return with_context(copied.error(), "another writer of the audit stream");
    }
    const auto committed = transaction.commit();
    if (!committed) {
        return committed.error();
    }
    return sequence;
}

Result<std::vector<AuditEntry>> read_entries(Connection& connection, const std::string& ledger,
                                             std::uint64_t after, std::size_t entries_max)
{
    SEAL_TRY(answer,
             connection.run_prepared(select_entries,
                                     {ledger, std::to_string(after), std::to_string(entries_max)},
                                     SqlFormat::binary));
    std::vector<AuditEntry> entries;
    entries.reserve(answer.rows());
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        const auto sequence = static_cast<std::uint64_t>(answer.big_endian(row, 0));
        if (sequence != after + row + 1) {
            return Error{Errc::corrupt,
                         "the audit stream has no entry " + std::to_string(after + row + 1)};
        }
        entries.push_back({sequence, to_bytes(answer.bytes(row, 1))});
    }
    return entries;
}

} // namespace

Task<Result<std::uint64_t>> PostgresAuditLog::append(std::uint64_t last, std::vector<Bytes> entries)
{
    if (entries.empty()) {
        co_return last;
    }
    auto job = [&ledger = ledger_, last, entries = std::move(entries)](Connection& connection) {
        return append_after(connection, ledger, last, entries);
    };
    auto appended = co_await with_connection(threads_, pool_, std::move(job));
    co_return appended;
}

Task<Result<std::vector<AuditEntry>>> PostgresAuditLog::read_from(std::uint64_t after,
                                                                  std::size_t entries_max)
{
    auto job = [&ledger = ledger_, after, entries_max](Connection& connection) {
        return read_entries(connection, ledger, after, entries_max);
    };
    auto entries = co_await with_connection(threads_, pool_, std::move(job));
    co_return entries;
}

Task<Result<std::uint64_t>> PostgresAuditLog::last()
{
    auto job = [&ledger = ledger_](Connection& connection) {
        return read_last(connection, ledger);
    };
    auto found = co_await with_connection(threads_, pool_, std::move(job));
    co_return found;
}

} // namespace sealstream
