#pragma once

// What follows the log and can tell how far it is.

#include "core/base/result.hpp"
#include "core/event/position.hpp"

#include <boost/asio/awaitable.hpp>

namespace sealstream {

class ReadModel {
public:
    virtual ~ReadModel() = default;

    // The last position that is folded in.
    //   unavailable   the database does not answer
    [[nodiscard]] virtual boost::asio::awaitable<Result<Position>> cursor() = 0;

protected:
    ReadModel() = default;
    ReadModel(const ReadModel&) = delete;
    ReadModel& operator=(const ReadModel&) = delete;
};

} // namespace sealstream
