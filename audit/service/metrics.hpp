#pragma once

// What the auditor counts. Names and help texts are in the source.

#include "audit/leaf.hpp"

#include <chrono>
#include <memory>

namespace prometheus {
class Registry;
}

namespace sealstream {

class AuditorMetrics {
public:
    explicit AuditorMetrics(prometheus::Registry& registry);
    ~AuditorMetrics();
    AuditorMetrics(const AuditorMetrics&) = delete;
    AuditorMetrics& operator=(const AuditorMetrics&) = delete;

    void sealed(LeafClass kind);
    void appended(std::size_t entries, std::size_t bytes, Position covered, std::uint64_t tree_size,
                  std::chrono::nanoseconds took);
    void signed_checkpoint(std::uint64_t tree_size, WallTime at, std::chrono::nanoseconds took);
    void signing_refused();
    void epoch(std::uint64_t number);
    void active(bool is_active);
    void failed();

private:
    struct Series;
    std::unique_ptr<Series> series_;
};

} // namespace sealstream
