#pragma once

// From the JSON of a schema to its nodes. Private to core/schema.

#include "core/schema/schema_node.hpp"

#include <boost/json/object.hpp>

namespace sealstream {

// What is wrong with the schema at `pointer`.
[[nodiscard]] inline Error fault_at(std::string pointer, std::string context)
{
    return Error{Errc::malformed, std::move(context), std::move(pointer)};
}

class SchemaCompiler {
public:
    explicit SchemaCompiler(const boost::json::value& root) : root_{root} {}
    [[nodiscard]] Result<std::vector<SchemaNode>> run();

private:
    using Value = boost::json::value;
    using Object = boost::json::object;
    using Outcome = Result<void>;

    struct Keyword;
    static const std::vector<Keyword>& keywords();
    static bool is_draft_7(const Value& name); // of $schema

    // The node of the subschema at `pointer`; compiled once, whoever refers to it.
    Result<NodeIndex> compile(const Value& schema, const std::string& pointer, std::size_t depth);
    Outcome compile_object(NodeIndex node, const Object& schema, std::size_t depth);
    Outcome resolve_references();
    Outcome check_draft(const Object& schema, const std::string& pointer) const;
    // In-place application must end: {"$ref":"#"} says nothing about any value.
    Outcome check_cycles() const;

    struct Use { // one keyword in one subschema
        NodeIndex node;
        std::string_view name;
        const Value& value;
        std::string pointer; // of the keyword
        std::size_t depth;
    };
    Result<NodeIndex> child(const Use& use);
    Result<std::vector<NodeIndex>> children(const Use& use);
    Result<std::map<std::string, NodeIndex, std::less<>>> named_children(const Use& use);

    Outcome take_type(const Use& use);
    Outcome take_choices(const Use& use);
    Outcome take_number(const Use& use);
    Outcome take_size(const Use& use);
    Outcome take_pattern(const Use& use);
    Outcome take_format(const Use& use);
    Outcome take_unique(const Use& use);
    Outcome take_names(const Use& use);
    Outcome take_dependent_names(const Use& use);
    Outcome take_child(const Use& use);
    Outcome take_children(const Use& use);
    Outcome take_named_children(const Use& use);
    Outcome take_patterns(const Use& use);
    Outcome take_reference(const Use& use);
    Outcome take_root_only(const Use& use);

    SchemaNode& node(NodeIndex index) { return nodes_[index]; }

    const Value& root_;
    bool is_draft_7_{false};
    std::vector<SchemaNode> nodes_;
    std::map<std::string, NodeIndex, std::less<>> known_; // by pointer
    struct Pending {
        NodeIndex node;
        std::string target;
        std::string pointer; // of the $ref
    };
    std::vector<Pending> pending_;
};

} // namespace sealstream
