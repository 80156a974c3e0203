#pragma once

// Where the events with given ids are: the memory that makes idempotency hold for ever. A read
// model that follows the log, so it may lag; every answer says how far it reached.

#include "core/event/event.hpp"

#include <boost/asio/awaitable.hpp>

#include <vector>

namespace sealstream {

class IdempotencyIndex {
public:
    // All of one moment: an id that is not in `found` is nowhere at or below `reached`.
    struct Answer {
        std::vector<IdPlace> found;
        Position reached;           // 0 when nothing is indexed yet
        WallTime newest_ingested{}; // of the event at `reached`
    };

    virtual ~IdempotencyIndex() = default;

    //   unavailable   the database does not answer
    [[nodiscard]] virtual boost::asio::awaitable<Result<Answer>> find(std::vector<EventId> ids) = 0;

protected:
    IdempotencyIndex() = default;
    IdempotencyIndex(const IdempotencyIndex&) = delete;
    IdempotencyIndex& operator=(const IdempotencyIndex&) = delete;
};

} // namespace sealstream
