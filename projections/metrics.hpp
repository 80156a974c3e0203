#pragma once

// What projectors tell Prometheus. Called on the I/O thread; labels are names of projections, which
// are few and configured.

#include "core/base/clock.hpp"
#include "core/event/position.hpp"

#include <memory>
#include <string_view>

namespace prometheus {
class Registry;
}

namespace sealstream {

class ProjectorMetrics {
public:
    explicit ProjectorMetrics(prometheus::Registry& registry);
    ~ProjectorMetrics();
    ProjectorMetrics(const ProjectorMetrics&) = delete;
    ProjectorMetrics& operator=(const ProjectorMetrics&) = delete;

    // A version is in use from now on, in this state ("active", "building", "retired").
    void version_is(std::string_view projection, int version, std::string_view state);

    void batch_applied(std::string_view projection, std::size_t events,
                       std::chrono::nanoseconds duration);
    void batch_failed(std::string_view projection);

    // Of the active version; `lag` is the age of the newest event that is folded in.
    void cursor_is(std::string_view projection, Position cursor, Position head,
                   std::chrono::nanoseconds lag);
    void remaining_is(std::string_view projection, int version, std::uint64_t events);
    void halted(std::string_view projection, bool is_halted);

private:
    struct Families;
    std::unique_ptr<Families> families_;
};

} // namespace sealstream
