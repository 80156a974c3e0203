#include "node/http/handlers/log_span.hpp"

namespace sealstream::http {

Task<Result<std::vector<StoredRecord>>> LogSpan::read(std::uint64_t after, ReadLimits limits)
{
    if (stream) {
        const Version version{after};
        co_return co_await log.read_stream(*stream, version, limits);
    }
    const Position position{after};
    co_return co_await log.read_from(position, limits);
}

Task<Result<std::vector<StoredRecord>>> LogSpan::read_below(std::uint64_t above, ReadLimits limits)
{
    auto size = std::min<std::uint64_t>(limits.events_max, above == 0 ? 0 : above - 1);
    while (size != 0) {
        const ReadLimits part{static_cast<std::size_t>(size), limits.bytes_max};
        auto records = co_await read(above - 1 - size, part);
        if (!records) {
            co_return records.error();
        }
        if (records->size() == size) {
            co_return *std::move(records);
        }
        // The bytes ran out below the newest ones.
        size = size == 1 ? 0 : (size + 1) / 2;
        if (size == 0) {
            co_return Error{Errc::unavailable,
                            "the log does not have place " + std::to_string(above - 1) + " yet"};
        }
    }
    co_return std::vector<StoredRecord>{};
}

Task<Result<std::uint64_t>> LogSpan::last()
{
    if (stream) {
        const auto head = co_await log.stream_head(*stream);
        if (!head) {
            co_return head.error();
        }
        co_return head->version.value;
    }
    const auto head = co_await log.head();
    if (!head) {
        co_return head.error();
    }
    co_return head->value;
}

Task<Result<void>> LogSpan::check_cursor(std::uint64_t after)
{
    if (after == 0) {
        co_return Result<void>{};
    }
    const auto end = co_await last();
    if (!end) {
        co_return end.error();
    }
    if (stream && *end == 0) {
        co_return Error{Errc::not_found, "the stream has no events"};
    }
    if (after > *end) {
        co_return Error{Errc::malformed,
                        "the cursor " + std::to_string(after) + " is beyond the " +
                            (stream ? "last version, " : "last position, ") + std::to_string(*end) +
                            "; it is from another ledger, or from before a restore"};
    }
    co_return Result<void>{};
}

} // namespace sealstream::http
