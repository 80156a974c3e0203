#pragma once

// Which event types read models do not count, at one position of the log: pure, and a function of
// the log alone. Every projection keeps them beside its cursor, in the same transaction; so a
// projection that goes on, and one that is rebuilt, see the same whatever has been edited since.

#include "core/event/event.hpp"

#include <set>
#include <string>
#include <vector>

namespace sealstream {

class SkipRules {
public:
    SkipRules() = default;
    explicit SkipRules(const std::vector<std::string>& types) : types_{types.begin(), types.end()}
    {
    }

    // Takes the next event of the log: whether read models skip it. An edit of a policy changes
    // what holds for the events after it, and is never skipped itself.
    //   unsupported   an edit that this version does not understand
    [[nodiscard]] Result<bool> take(const Event& event);

    [[nodiscard]] std::vector<std::string> types() const { return {types_.begin(), types_.end()}; }

private:
    std::set<std::string, std::less<>> types_;
};

} // namespace sealstream
