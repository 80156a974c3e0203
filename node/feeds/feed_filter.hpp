#pragma once

// Which events a subscriber wants, decided in the node. Empty fields do not filter; all given ones
// must hold.

#include "core/event/event.hpp"

#include <string>
#include <vector>

namespace sealstream {

struct FeedFilter {
    std::vector<std::string> types; // any of these; "package.*" is a prefix
    std::string stream_type;
    std::string stream_id; // only with stream_type
    std::string source;
    std::string actor;
    std::string category; // meta.category

    [[nodiscard]] bool is_empty() const noexcept;
    [[nodiscard]] bool matches(const Event& event) const;
};

// "package.installed" fits "package.*" and "package.installed".
[[nodiscard]] bool fits_type(std::string_view type, std::string_view pattern);

// meta.category; empty when there is none, or it is not text.
[[nodiscard]] std::string category_of(std::string_view meta);

} // namespace sealstream
