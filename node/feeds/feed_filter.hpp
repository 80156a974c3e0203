#pragma once

// Which events a subscriber or a reader wants: one meaning, whatever the transport. Empty fields do
// not filter; all given ones must hold. Pure; tests/node/feeds has a slow specification.

#include "core/event/event.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sealstream {

struct FeedFilter {
    std::vector<std::string> types{}; // any of these; "package.*" is a prefix
    std::string stream_type{};
    std::string stream_id{}; // without stream_type: of any type
    std::string source{};
    std::string actor{};
    std::string category{};              // meta.category
    std::optional<WallTime> from_time{}; // inclusive; the event's own time, else its ingest time
    std::optional<WallTime> to_time{};   // exclusive

    [[nodiscard]] bool is_empty() const noexcept;
    [[nodiscard]] bool matches(const Event& event, WallTime ingested) const;
    // The same for a caller that knows the event's category already.
    [[nodiscard]] bool matches(const Event& event, WallTime ingested,
                               std::string_view its_category) const;
};

// "package.installed" fits "package.*" and "package.installed".
[[nodiscard]] bool fits_type(std::string_view type, std::string_view pattern);

// meta.category; empty when there is none, or it is not text.
[[nodiscard]] std::string category_of(std::string_view meta);

} // namespace sealstream
