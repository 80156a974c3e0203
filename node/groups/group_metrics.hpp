#pragma once

// What operators see of consumer groups. Every group has a label of its own, up to a bound: beyond
// it groups share the label "(other)" in the counters and have no gauges. Safe from any thread.

#include "core/base/clock.hpp"
#include "core/ports/consumer_groups.hpp"

#include <memory>

namespace prometheus {
class Registry;
}

namespace sealstream {

class GroupMetrics {
public:
    GroupMetrics(prometheus::Registry& registry, std::size_t labels_max);
    ~GroupMetrics();
    GroupMetrics(const GroupMetrics&) = delete;
    GroupMetrics& operator=(const GroupMetrics&) = delete;

    // Counted where the call was answered.
    void claimed(const std::string& group, std::size_t events);
    void acknowledged(const std::string& group, std::size_t events);
    void given_back(const std::string& group, std::size_t parked_streams);

    // Gauges, the same from every node.
    void show(const GroupStatus& status);
    // All groups that there are; the labels of others go.
    void keep_only(const std::vector<std::string>& groups, WallTime now);

private:
    struct Series;
    std::unique_ptr<Series> series_;
};

} // namespace sealstream
