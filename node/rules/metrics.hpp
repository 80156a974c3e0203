#pragma once

// What operators see of the rulebook: a node whose position stands while others move, or that has
// heard nothing for long, has stalled.

#include "node/rules/rulebook_follower.hpp"

namespace prometheus {
class Registry;
}

namespace sealstream {

class RulebookMetrics {
public:
    explicit RulebookMetrics(prometheus::Registry& registry);
    ~RulebookMetrics();
    RulebookMetrics(const RulebookMetrics&) = delete;
    RulebookMetrics& operator=(const RulebookMetrics&) = delete;

    void show(const RulebookFollower& follower);

private:
    struct Series;
    std::unique_ptr<Series> series_;
};

} // namespace sealstream
