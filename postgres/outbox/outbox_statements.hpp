#pragma once

// The SQL of the relay. Every change names the epoch of its relay: one who was deposed changes
// nothing.

#include "postgres/connection.hpp"
#include "postgres/outbox/outbox_options.hpp"

namespace sealstream {

// A session's advisory lock: one relay works on a ledger, others stand by.
[[nodiscard]] Result<bool> try_own_outbox(Connection& connection, const std::string& ledger);

struct RelayClaim {
    std::int64_t epoch{0};
    std::int64_t attempted_through{0}; // commits that may be in the log without a stamp
    Position attempted_after;          // what is in the log of them is above
};

// Takes a higher epoch, and makes the session wait for its commits. A log that was replaced is read
// from its beginning.
[[nodiscard]] Result<RelayClaim> claim_outbox(Connection& connection, const std::string& ledger,
                                              const std::string& incarnation);

struct OutboxPage {
    std::vector<OutboxEvent> events;
    bool is_cut{false}; // more are waiting
};

[[nodiscard]] Result<OutboxPage> read_outbox(Connection& connection, const OutboxOptions& options);

struct AttemptedEvent {
    EventId id;
    StreamName stream;
};

// The events that wait, up to a commit.
[[nodiscard]] Result<std::vector<AttemptedEvent>>
read_attempted(Connection& connection, const std::string& ledger, std::int64_t through);

// Before anything up to `through` is appended.     conflict: another relay has taken over
[[nodiscard]] Result<void> note_attempt(Connection& connection, const std::string& ledger,
                                        const RelayClaim& claim);

// Stamps events that the log has acknowledged, and those transactions up to `through` that have no
// event left.     conflict
[[nodiscard]] Result<void> stamp_emitted(Connection& connection, const std::string& ledger,
                                         std::int64_t epoch, const std::vector<Placed>& events,
                                         std::int64_t through);

// conflict
[[nodiscard]] Result<void> park_transaction(Connection& connection, const std::string& ledger,
                                            std::int64_t epoch, std::int64_t commit_number,
                                            const std::string& reason);

struct OutboxLag {
    std::uint64_t waiting_transactions{0}; // counted up to lag_count_max
    std::uint64_t waiting_events{0};
    double oldest_seconds{0};
    std::uint64_t parked_transactions{0};
};
inline constexpr int lag_count_max = 100'000;
[[nodiscard]] Result<OutboxLag> read_lag(Connection& connection, const std::string& ledger);

// Transactions whose events are all in the log for longer than `keep_emitted`.
[[nodiscard]] Result<std::uint64_t> remove_emitted(Connection& connection,
                                                   const OutboxOptions& options);

struct ParkedTransaction {
    std::int64_t commit_number{0};
    std::string txid;
    std::int64_t events{0};
    std::string committed_at; // RFC 3339
    std::string parked_at;
    std::string reason;
};
[[nodiscard]] Result<std::vector<ParkedTransaction>>
read_parked(Connection& connection, const std::string& ledger, std::size_t count_max);

// Lets it be tried again; all of them without a number. Returns how many.
[[nodiscard]] Result<std::uint64_t> retry_parked(Connection& connection, const std::string& ledger,
                                                 std::optional<std::int64_t> commit_number);

} // namespace sealstream
