#pragma once

// Whether a schema may follow another one.
//
//   backward   who knows the new schema can read old events: every old event is a valid new one
//   forward    who knows the old schema can read new events: every new event is a valid old one
//   full       both
//   none       nothing is compared
//
// The comparison is a proof by structure. What it accepts holds for every document; where it can
// not prove it, it says where, also if it might hold (as with other texts of one pattern). A member
// that has become required does no harm where the schema gives it a "default": readers fill it in.

#include "core/base/result.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

enum class Compatibility : std::uint8_t { backward, forward, full, none };

[[nodiscard]] Result<Compatibility> parse_compatibility(std::string_view name);
[[nodiscard]] std::string_view name(Compatibility compatibility) noexcept;

struct SchemaBreak {
    std::string pointer;   // into the schema whose readers would fail: backward: the new one
    std::string message;   // what its readers would meet
    bool is_in_old{false}; // the pointer leads into the old schema
};

inline constexpr std::size_t schema_breaks_max = 32;
inline constexpr std::size_t comparison_steps_max = 50'000;
inline constexpr std::size_t comparison_depth_max = 200;

// Both schemas must compile (JsonSchema::compile). Empty: compatible.
[[nodiscard]] std::vector<SchemaBreak> find_breaks(const boost::json::value& before,
                                                   const boost::json::value& after,
                                                   Compatibility wanted);

} // namespace sealstream
