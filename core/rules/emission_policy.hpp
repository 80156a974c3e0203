#pragma once

// Who may emit the events of one type, and whether read models count them.
//
//   {"sources":["registry-*"],"stream_types":["account"],"skip_in_projection":false}
//
// A source is a name, or a pattern in which each * stands for any text, also none. No sources:
// nobody may emit the type. No stream types: it may go to streams of any type.

#include "core/base/result.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

inline constexpr std::size_t policy_sources_max = 64;
inline constexpr std::size_t policy_stream_types_max = 64;

struct EmissionPolicy {
    std::vector<std::string> sources;
    std::vector<std::string> stream_types;
    bool skip_in_projection{false};

    friend bool operator==(const EmissionPolicy&, const EmissionPolicy&) = default;

    // The first of `sources` that fits; null when none does.
    [[nodiscard]] const std::string* pattern_for(std::string_view source) const noexcept;
    [[nodiscard]] bool allows_stream_type(std::string_view stream_type) const noexcept;
};

// Whether `text` is what `pattern` describes.
[[nodiscard]] bool fits_pattern(std::string_view text, std::string_view pattern) noexcept;

// Members that are left out have their defaults, but "sources" must be there: a forgotten list
// would silence everybody.
//   malformed, bad_name, too_large   with a pointer
[[nodiscard]] Result<EmissionPolicy> parse_emission_policy(const boost::json::value& value);

// All members, so that two texts of one policy are equal.
[[nodiscard]] boost::json::object to_json(const EmissionPolicy& policy);

} // namespace sealstream
