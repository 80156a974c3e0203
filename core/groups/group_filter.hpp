#pragma once

// Which events a group is about. Pure.

#include "core/event/event.hpp"

#include <vector>

namespace sealstream {

// An empty list lets everything through.
struct GroupFilter {
    std::vector<std::string> types; // of events
    std::vector<std::string> stream_types;
    std::vector<std::string> sources;

    [[nodiscard]] bool matches(const Event& event) const;
    friend bool operator==(const GroupFilter&, const GroupFilter&) = default;
};

// {"sources":[…],"stream_types":[…],"types":[…]}, canonical; without what is empty.
[[nodiscard]] std::string to_json(const GroupFilter& filter);
//   malformed, bad_name, …   with a pointer
[[nodiscard]] Result<GroupFilter> parse_group_filter(std::string_view json);

} // namespace sealstream
