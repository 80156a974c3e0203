#pragma once

// SQL as a pack writes it. Values are named :like_this, outside of quotes and comments; `::` is a
// cast as ever.

#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

// A statement whose values are $1, $2 …, each cast to its type; all are sent as text.
struct BoundSql {
    std::string text{};                    // "… WHERE id = ($1::uuid) …"
    std::vector<std::string> parameters{}; // the name of $1, of $2, …

    friend bool operator==(const BoundSql&, const BoundSql&) = default;
};

} // namespace sealstream
