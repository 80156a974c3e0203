#include "tests/support/memory_audit_log.hpp"

#include "core/async/awaitable.hpp"

#include <algorithm>

namespace sealstream::testing {

Task<Result<std::uint64_t>> MemoryAuditLog::append(std::uint64_t last, std::vector<Bytes> entries)
{
    std::optional<AppendFault> fault;
    if (!append_faults_.empty()) {
        fault = append_faults_.front();
        append_faults_.pop_front();
    }
    if (last != entries_.size()) {
        co_return Error{Errc::conflict, "somebody else has written"};
    }
    const std::size_t taken = fault ? std::min(fault->entries_in, entries.size()) : entries.size();
    for (std::size_t at = 0; at < taken; ++at) {
        entries_.push_back({entries_.size() + 1, std::move(entries[at])});
    }
    if (fault) {
        co_return Error{fault->code, "a made-up failure"};
    }
    co_return entries_.size();
}

Task<Result<std::vector<AuditEntry>>> MemoryAuditLog::read_from(std::uint64_t after,
                                                                std::size_t entries_max)
{
    if (auto fault = read_fault()) {
        co_return *std::move(fault);
    }
    std::vector<AuditEntry> found;
    for (std::size_t at = after; at < entries_.size() && found.size() < entries_max; ++at) {
        found.push_back(entries_[at]);
    }
    co_return found;
}

Task<Result<std::uint64_t>> MemoryAuditLog::last()
{
    if (auto fault = read_fault()) {
        co_return *std::move(fault);
    }
    co_return entries_.size();
}

void MemoryAuditLog::fail_next_append(Errc code, std::size_t entries_in)
{
    append_faults_.push_back({code, entries_in});
}

void MemoryAuditLog::cut_after(std::uint64_t last)
{
    entries_.resize(std::min<std::size_t>(entries_.size(), last));
}

std::optional<Error> MemoryAuditLog::read_fault()
{
    if (read_faults_.empty()) {
        return std::nullopt;
    }
    const Errc code = read_faults_.front();
    read_faults_.pop_front();
    return Error{code, "a made-up failure"};
}

} // namespace sealstream::testing
