#pragma once

// The audit stream: an append-only sequence of entries with one writer at a time. Entries are
// opaque here; audit/ says what is in them. Sequences count 1, 2, 3 … without gaps.
//
// Fencing   Every append names the sequence it must follow. Two writers can therefore never both
// succeed;
//           the one that fails has lost its place and must stop.

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <vector>

namespace sealstream {

struct AuditEntry {
    std::uint64_t sequence{0};
    Bytes bytes;
};

class AuditLog {
public:
    virtual ~AuditLog() = default;

    // Appends entries in order, directly after `last`. Returns the sequence of the last one. On an
    // error none is in, or (outcome_unknown, and conflict after the first batch of many) a prefix.
    //
    //   conflict         somebody else has written: this writer is deposed
    //   outcome_unknown  some may be in: read the tail
    //   unavailable, overloaded, capacity   nothing was written
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::uint64_t>>
    append(std::uint64_t last, std::vector<Bytes> entries) = 0;

    // Entries above `after`, ascending; empty at the end. Sees what append() has acknowledged and
    // last() has told to this object.
    //   corrupt   the stream has a hole
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<AuditEntry>>>
    read_from(std::uint64_t after, std::size_t entries_max) = 0;

    // The newest entry's sequence; 0 when the stream is empty.
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::uint64_t>> last() = 0;

protected:
    AuditLog() = default;
    AuditLog(const AuditLog&) = delete;
    AuditLog& operator=(const AuditLog&) = delete;
};

} // namespace sealstream
