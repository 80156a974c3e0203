#pragma once

// The event index on Postgres (core/ports/event_index.hpp has the contract; projections/event_index
// makes its tables). All parameters are bound. `search` means words as in words.hpp; a filter by
// source or category alone has no index of its own and walks the positions.

#include "core/ports/event_index.hpp"
#include "postgres/pool.hpp"

namespace sealstream {

inline constexpr std::size_t query_events_max = 1'000; // more is answered with that many
inline constexpr std::size_t query_types_max = 100;
inline constexpr std::size_t query_search_words_max = 32;

// The statement and the values for a query; pure. `table` is SQL text.
//   malformed   a stream id without its type, a NUL in a filter, or too many types or words
struct IndexStatement {
    std::string sql;
    SqlValues values;
};
[[nodiscard]] IndexStatement find_statement(const std::string& table, const EventId& id);
[[nodiscard]] Result<IndexStatement> index_statement(const std::string& table,
                                                     const EventQuery& query);

class PostgresEventIndex : public EventIndex {
public:
    PostgresEventIndex(std::string ledger, Pool& pool, BlockingPool& threads);

    // A query() without any match is empty also while the projector has not made the tables yet.
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<IndexedEvent>>>
    query(EventQuery query) override;
    [[nodiscard]] boost::asio::awaitable<Result<IndexedEvent>>
    find(EventId id, Position at_least = {}) override;
    [[nodiscard]] boost::asio::awaitable<Result<Position>> cursor() override;

private:
    const std::string ledger_;
    const std::string table_; // quoted, with schema
    Pool& pool_;
    BlockingPool& threads_;
};

} // namespace sealstream
