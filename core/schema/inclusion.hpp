#pragma once

// Whether every document that one schema accepts is accepted by another. Private to core/schema.

#include "core/schema/compatibility.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <set>

namespace sealstream {

[[nodiscard]] inline boost::json::string_view json_key(std::string_view text)
{
    return {text.data(), text.size()};
}

class SchemaInclusion {
public:
    // Writers keep to `from`, readers expect `to`.
    SchemaInclusion(const boost::json::value& from, const boost::json::value& to);
    [[nodiscard]] std::vector<SchemaBreak> run();

private:
    using Value = boost::json::value;
    using Object = boost::json::object;
    struct Pair {
        const Value& whole; // `from` as a value
        const Object& from;
        const Object& to;
        std::string pointer; // of `to`
        std::uint8_t kinds;  // that documents of `from` can have
    };

    bool holds(const Value& from, const Value& to, const std::string& pointer);
    bool holds_silently(const Value& from, const Value& to, const std::string& pointer);
    bool holds_by_parts(const Object& from, const Value& to, const std::string& pointer);
    bool objects_hold(const Value& from, const Value& to, const std::string& pointer);
    bool values_hold(const Object& from, const Value& to) const;
    bool has_valid_default(const Object& to, const Value& name) const;

    void check_values(const Pair& pair);
    void check_numbers(const Pair& pair);
    void check_sizes(const Pair& pair);
    void check_equal(const Pair& pair);
    void check_arrays(const Pair& pair);
    void check_required(const Pair& pair);
    void check_members(const Pair& pair);
    void check_alternatives(const Pair& pair);

    [[nodiscard]] const Value* resolve(const Value& root, const Value& reference) const;
    [[nodiscard]] bool is_same(const Value* from, const Value* to) const;
    void fail(std::string pointer, std::string message);

    const Value& from_root_;
    const Value& to_root_;
    std::vector<SchemaBreak> breaks_;
    std::set<std::pair<const Value*, const Value*>> assumed_; // being compared further up
    std::size_t steps_{0};
    std::size_t depth_{0};
    bool can_fill_defaults_; // no condition of `to` could fail because of a member more
};

} // namespace sealstream
