#pragma once

#include "core/event/position.hpp"

#include <optional>

namespace sealstream::testing {

// Where a log says that it ends: as it is, or as a server that has just been elected may tell it,
// until somebody asks who knows better.
class ToldHead {
public:
    void tell(Position head) { told_ = head; }
    [[nodiscard]] Position of(Position actual) const { return told_.value_or(actual); }
    [[nodiscard]] Position settled(Position actual, Position seen)
    {
        if (told_ && *told_ < seen) {
            told_.reset();
        }
        return of(actual);
    }

private:
    std::optional<Position> told_;
};

} // namespace sealstream::testing
