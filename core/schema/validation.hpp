#pragma once

// One value against one schema. Private to core/schema.

#include "core/schema/json_schema.hpp"
#include "core/schema/schema_node.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace sealstream {

class SchemaValidation {
public:
    // With `faults` it goes on after the first; without, it is done then.
    SchemaValidation(const std::vector<SchemaNode>& nodes, std::vector<SchemaFault>* faults)
        : nodes_{nodes},
          faults_{faults}
    {
    }
    [[nodiscard]] bool run(const boost::json::value& value);

private:
    using Value = boost::json::value;
    using Array = boost::json::array;
    using Object = boost::json::object;

    struct Place { // a path from the value up to the root, on the stack
        const Place* up{nullptr};
        std::string_view name{};
        std::size_t index{0};
        bool is_index{false};
    };

    bool check(NodeIndex index, const Value& value, const Place& place);
    bool check_numbers(const SchemaNode& node, const Value& value, const Place& place);
    bool check_string(const SchemaNode& node, std::string_view text, const Place& place);
    bool check_array(const SchemaNode& node, const Array& array, const Place& place);
    bool check_contains(const SchemaNode& node, const Array& array, const Place& place);
    bool check_object(const SchemaNode& node, const Value& value, const Place& place);
    bool check_members(const SchemaNode& node, const Object& object, const Place& place);
    bool check_dependents(const SchemaNode& node, const Value& value, const Place& place);
    bool check_combined(const SchemaNode& node, const Value& value, const Place& place);
    bool check_condition(const SchemaNode& node, const Value& value, const Place& place);

    // Whether it fits, without reporting why not.
    bool fits(NodeIndex index, const Value& value, const Place& place);
    std::size_t count_fits(const std::vector<NodeIndex>& of, const Value& value,
                           const Place& place);

    // Notes the fault, if faults are wanted; false, as the result of a check.
    bool fail(const SchemaNode& node, std::string_view keyword, const Place& place,
              std::string message);
    // Whether a check that has come to `is_good` may stop: nobody asks for further faults.
    [[nodiscard]] bool may_stop(bool is_good) const { return !is_good && faults_ == nullptr; }

    const std::vector<SchemaNode>& nodes_;
    std::vector<SchemaFault>* faults_;
    std::size_t steps_{0};
    std::size_t depth_{0};
    bool has_run_out_{false};
};

} // namespace sealstream
