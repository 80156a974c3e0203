#include "jetstream/stream_reading.hpp"

#include "jetstream/subject.hpp"

#include <boost/asio/steady_timer.hpp>

namespace sealstream::jetstream {

namespace {

// A page holds the server's stream lock while it is read.
constexpr std::size_t stream_events_max = 500;
constexpr BackoffOptions pause_between_looks{std::chrono::milliseconds{10},
                                             std::chrono::milliseconds{500}};

bool may_heal(Errc code)
{
    return code != Errc::shutting_down && info(code).is_retryable;
}

Error not_of_its_stream(Position position)
{
    return Error{Errc::corrupt, "position " + std::to_string(position.value) +
                                    " does not hold an event of its stream"};
}

} // namespace

Task<Result<NewestEvent>> read_newest(Reading reading, std::string ledger, StreamName stream)
{
    std::string subject = subject_of(ledger, stream);
    Task<Result<StoredRecord>> last = reading.has_replicas
                                          ? reading.reads.last_of_leader(std::move(subject))
                                          : reading.reads.last_of(std::move(subject));
    const auto found = co_await std::move(last);
    if (!found && found.error().code == Errc::not_found) {
        co_return NewestEvent{};
    }
    if (!found) {
        co_return found.error();
    }
    const auto event = decode_record(found->record);
    if (!event) {
        co_return Error{Errc::corrupt, "position " + std::to_string(found->position.value) + ": " +
                                           describe(event.error())};
    }
    if (event->stream != stream) {
        co_return Error{Errc::corrupt, "position " + std::to_string(found->position.value) +
                                           " is on the subject of " + stream.to_string() +
                                           " but belongs to " + event->stream.to_string()};
    }
    NewestEvent newest;
    newest.head = {event->version, found->position, event->hash.value_or(Digest{})};
    newest.ingested = found->ingested;
    co_return newest;
}

Task<Result<NewestEvent>> read_newest_patiently(Reading reading, std::string ledger,
                                                StreamName stream)
{
    Backoff backoff{pause_between_looks};
    boost::asio::steady_timer timer{reading.home};
    while (true) {
        auto newest = co_await read_newest(reading, ledger, stream);
        if (newest || !may_heal(newest.error().code) ||
            reading.clock.monotonic() >= reading.deadline) {
            co_return newest;
        }
        timer.expires_after(backoff.next());
        co_await timer.async_wait(use_tuple);
    }
}

StreamWalk::StreamWalk(Reading reading, std::string subject, Position target, std::uint64_t first)
    : reading_{std::move(reading)},
      subject_{std::move(subject)},
      target_{target},
      first_{first},
      backoff_{pause_between_looks}
{
}

StreamWalk::StreamWalk(Reading reading, std::string subject, Position target, WallTime since)
    : StreamWalk{std::move(reading), std::move(subject), target, 1}
{
    since_ = since;
}

Task<Result<StreamReads::Page>> StreamWalk::next(std::size_t messages_max, std::size_t bytes_max)
{
    boost::asio::steady_timer timer{reading_.home};
    backoff_.reset();
    while (first_ <= target_.value) {
        auto asked = since_ ? reading_.reads.read_since(subject_, *since_, messages_max)
                            : reading_.reads.read(subject_, first_, messages_max, bytes_max);
        auto page = co_await std::move(asked);
        if (!page && !may_heal(page.error().code)) {
            co_return page;
        }
        if (page && !page->records.empty()) {
            first_ = page->records.back().position.next().value;
            since_.reset();
            co_return page;
        }
        if (reading_.clock.monotonic() >= reading_.deadline) {
            co_return page ? Error{Errc::unavailable, "no replica that answers has position " +
                                                          std::to_string(target_.value) +
                                                          ", which the leader has"}
                           : page.error();
        }
        timer.expires_after(backoff_.next());
        co_await timer.async_wait(use_tuple);
    }
    co_return StreamReads::Page{};
}

namespace {

// Takes what fits. True: the page is full.
Result<bool> take(StreamPage& to, const std::vector<StoredRecord>& records,
                  const StreamName& stream, Version after, ReadLimits limits, std::size_t& bytes)
{
    for (const StoredRecord& stored : records) {
        const auto event = decode_record(stored.record);
        if (!event || event->stream != stream) {
            return not_of_its_stream(stored.position);
        }
        if (to.records.size() == limits.events_max ||
            (!to.records.empty() && bytes + stored.record.size() > limits.bytes_max)) {
            return true;
        }
        to.reached = {event->version, stored.position};
        if (event->version > after) {
            bytes += stored.record.size();
            to.records.push_back(stored);
        }
    }
    return to.records.size() == limits.events_max;
}

} // namespace

Task<Result<StreamPage>> read_stream_page(Reading reading, std::string ledger, StreamName stream,
                                          Version after, StreamMark from, ReadLimits limits)
{
    StreamPage page;
    page.reached = from;
    std::size_t bytes = 0;
    bool is_full = limits.events_max == 0;
    const std::string subject = subject_of(ledger, stream);
    while (!is_full) {
        const auto next = co_await reading.reads.read(subject, page.reached.position.next().value,
                                                      stream_events_max, limits.bytes_max);
        if (!next) {
            co_return next.error();
        }
        SEAL_CO_TRY(is_enough, take(page, next->records, stream, after, limits, bytes));
        is_full = is_enough;
        if (next->records.empty() || next->pending == 0) {
            break;
        }
    }
    if (is_full || !reading.has_replicas) {
        co_return page;
    }
    // It ended where the replica ends. The leader may have more.
    SEAL_CO_TRY(newest, co_await read_newest_patiently(reading, ledger, stream));
    StreamWalk rest{reading, subject, newest.head.position, page.reached.position.next().value};
    while (!is_full && page.reached.position < newest.head.position) {
        const auto next = co_await rest.next(stream_events_max, limits.bytes_max);
        if (!next) {
            co_return next.error();
        }
        SEAL_CO_TRY(is_enough, take(page, next->records, stream, after, limits, bytes));
        is_full = is_enough;
    }
    co_return page;
}

} // namespace sealstream::jetstream
