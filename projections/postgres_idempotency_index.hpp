#pragma once

// The ids of the event index (core/ports/idempotency_index.hpp has the contract). One statement, so
// that ids and reach are of one snapshot; the reach is that of the very table which was searched,
// so a rebuilt version that is swapped in meanwhile can not mislead.

#include "core/ports/idempotency_index.hpp"
#include "postgres/pool.hpp"

namespace sealstream {

class PostgresIdempotencyIndex final : public IdempotencyIndex {
public:
    PostgresIdempotencyIndex(const std::string& ledger, Pool& pool, BlockingPool& threads);

    [[nodiscard]] boost::asio::awaitable<Result<Answer>> find(std::vector<EventId> ids) override;

private:
    const std::string statement_;
    Pool& pool_;
    BlockingPool& threads_;
};

} // namespace sealstream
