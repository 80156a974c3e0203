#pragma once

// How transactions that wait in the outbox become atomic appends. Pure.
//
// One transaction is one append, unless it is larger than the limits: then it is cut into several,
// in order. Transactions that follow each other share an append when no stream has events of two of
// them, because an append keeps the order of events only inside a stream, and of streams: then the
// order of commits is kept, too.

#include "core/ports/event_log.hpp"

namespace sealstream {

struct OutboxEvent {
    std::int64_t commit_number{0};
    StreamName stream;
    Draft draft;
    // By the application, or from its key: the event may have come another way, too. The others
    // have their id from their transaction.
    bool is_own_id{false};
};

struct OutboxLimits {
    std::size_t append_events_max{sealstream::append_events_max};
    std::size_t append_bytes_max{3 << 20}; // of data, meta, names; an event alone may be larger
};

struct OutboxAppend {
    std::int64_t first_commit{0};
    std::int64_t last_commit{0};
    std::vector<StreamAppend> batch;
    std::vector<EventId> own_ids{}; // of events in the batch; OutboxEvent::is_own_id
};

// Whether the id is from the transaction itself (migrations/006_append.sql makes such keys), and
// not the application's own.
[[nodiscard]] bool is_id_of_transaction(const Draft& draft, std::string_view frame,
                                        std::string_view txid);

// About what an event takes in the log.
[[nodiscard]] std::size_t size_of(const OutboxEvent& event);

// `events` are in the order of commits, and inside a transaction in the order in which they were
// appended. `is_cut`: more follow, so the last transaction may be incomplete; it is left for later
// unless it is the only one.
[[nodiscard]] std::vector<OutboxAppend> plan_outbox(std::vector<OutboxEvent> events, bool is_cut,
                                                    OutboxLimits limits = {});

// The same events with each transaction in appends of its own: after a refusal that may be due to
// one of them.
[[nodiscard]] std::vector<OutboxAppend> plan_outbox_singly(std::vector<OutboxEvent> events,
                                                           bool is_cut, OutboxLimits limits = {});

// What a refused append means for its transactions.
enum class OutboxVerdict : std::uint8_t {
    retry, // it may be in the log, or may be later: look, then append again with the same ids
    park,  // the log will never take it
    halt,  // a person must act before anything goes on
};
[[nodiscard]] OutboxVerdict verdict_of(Errc refusal) noexcept;

} // namespace sealstream
