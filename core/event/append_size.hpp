#pragma once

// What an append costs while it waits.

#include "core/event/append_plan.hpp"

namespace sealstream {

// Bytes of memory, about.
[[nodiscard]] inline std::size_t bytes_of(const AppendRequest& request) noexcept
{
    std::size_t sum = 0;
    for (const StreamAppend& append : request.appends) {
        for (const Draft& draft : append.drafts) {
            sum += sizeof(Draft) + draft.data.size() + draft.meta.size();
        }
    }
    return sum;
}

} // namespace sealstream
