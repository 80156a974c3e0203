#pragma once

// One compiled subschema; nodes refer to each other by index.

#include "core/schema/pattern.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sealstream {

using NodeIndex = std::uint32_t;
using Names = std::vector<std::string>;

namespace kind {
inline constexpr std::uint8_t null = 1;
inline constexpr std::uint8_t boolean = 2;
inline constexpr std::uint8_t integer = 4;
inline constexpr std::uint8_t number = 8;
inline constexpr std::uint8_t string = 16;
inline constexpr std::uint8_t array = 32;
inline constexpr std::uint8_t object = 64;
} // namespace kind

enum class Format : std::uint8_t { none, date_time, date, uuid, uri, uri_reference };

struct Range {
    std::size_t least{0};
    std::size_t most{std::numeric_limits<std::size_t>::max()};
    [[nodiscard]] bool is_limited() const
    {
        return least != 0 || most != std::numeric_limits<std::size_t>::max();
    }
};

struct NumberRules {
    std::optional<boost::json::value> minimum{};
    std::optional<boost::json::value> maximum{};
    std::optional<boost::json::value> exclusive_minimum{};
    std::optional<boost::json::value> exclusive_maximum{};
    std::optional<boost::json::value> multiple_of{};
};

struct StringRules {
    Range length{}; // in code points
    std::optional<Pattern> pattern{};
    Format format{Format::none};
};

struct ArrayRules {
    Range count{};
    bool is_unique{false};
    std::vector<NodeIndex> prefix{};
    std::optional<NodeIndex> items{};
    std::optional<NodeIndex> contains{};
    Range contained{1, std::numeric_limits<std::size_t>::max()};
};

struct ObjectRules {
    Range count{};
    Names required{};
    std::map<std::string, NodeIndex, std::less<>> properties{};
    std::vector<std::pair<Pattern, NodeIndex>> patterns{};
    std::optional<NodeIndex> additional{};
    std::optional<NodeIndex> names{};
    std::map<std::string, Names, std::less<>> dependent_required{};
    std::map<std::string, NodeIndex, std::less<>> dependent_schemas{};
};

struct SchemaNode {
    std::string pointer{};
    bool is_never{false};  // the schema `false`
    std::uint8_t kinds{0}; // 0: any
    std::optional<std::vector<boost::json::value>> choices{};
    std::optional<boost::json::value> constant{};
    std::optional<NumberRules> numbers{};
    std::optional<StringRules> strings{};
    std::optional<ArrayRules> arrays{};
    std::optional<ObjectRules> objects{};
    std::vector<NodeIndex> all_of{};
    std::vector<NodeIndex> any_of{};
    std::vector<NodeIndex> one_of{};
    std::optional<NodeIndex> not_this{};
    std::optional<NodeIndex> if_this{};
    std::optional<NodeIndex> then_this{};
    std::optional<NodeIndex> else_this{};
    std::optional<NodeIndex> reference{};
};

} // namespace sealstream
