#pragma once

// What snapshots and states of the past tell Prometheus. Called on the I/O thread; labels are names
// of projections.

#include "core/event/position.hpp"

#include <chrono>
#include <memory>
#include <string_view>

namespace prometheus {
class Registry;
}

namespace sealstream {

class SnapshotMetrics {
public:
    explicit SnapshotMetrics(prometheus::Registry& registry);
    ~SnapshotMetrics();
    SnapshotMetrics(const SnapshotMetrics&) = delete;
    SnapshotMetrics& operator=(const SnapshotMetrics&) = delete;

    void taken(std::string_view projection, Position position, std::uint64_t bytes,
               std::chrono::nanoseconds duration);
    void failed(std::string_view projection);
    void refused(std::string_view projection); // it is not what was sealed
    void pruned(std::string_view projection, std::size_t count);

    // A state of the past for a question: it was there, was made, or could not be.
    void past_found(std::string_view projection);
    void past_made(std::string_view projection, std::uint64_t events,
                   std::chrono::nanoseconds duration);
    void past_failed(std::string_view projection);

private:
    struct Families;
    std::unique_ptr<Families> families_;
};

} // namespace sealstream
