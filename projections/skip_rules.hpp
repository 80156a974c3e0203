#pragma once

// Which event types read models do not count, and which version the schema of each type has, at one
// position of the log: pure, and a function of the log alone. Every projection keeps them beside
// its cursor, in the same transaction; so a projection that goes on, and one that is rebuilt, see
// the same whatever has been edited since.

#include "core/event/event.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace sealstream {

class SkipRules {
public:
    SkipRules() = default;
    // As types() and schema_versions() have given them.
    explicit SkipRules(const std::vector<std::string>& types,
                       const std::vector<std::string>& schema_versions = {});

    // Takes the next event of the log: whether read models skip it. An edit of a policy changes
    // what holds for the events after it, and is never skipped itself.
    //   unsupported   an edit that this version does not understand
    [[nodiscard]] Result<bool> take(const Event& event);

    [[nodiscard]] std::vector<std::string> types() const { return {types_.begin(), types_.end()}; }

    // Of the type's schema for the events that come now; 1 where there is none.
    [[nodiscard]] std::uint32_t schema_version(std::string_view type) const;
    [[nodiscard]] std::vector<std::string> schema_versions() const; // "type=version"

private:
    std::set<std::string, std::less<>> types_;
    std::map<std::string, std::uint32_t, std::less<>> schemas_;
};

} // namespace sealstream
