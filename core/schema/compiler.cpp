#include "core/schema/compiler.hpp"

#include "core/schema/json_pointer.hpp"
#include "core/schema/json_schema.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>

namespace sealstream {

namespace json = boost::json;

namespace {

std::string_view view(json::string_view text)
{
    return {text.data(), text.size()};
}

bool is_annotation(std::string_view name)
{
    constexpr std::array<std::string_view, 8> known{"title",    "description", "default",
                                                    "examples", "$comment",    "deprecated",
                                                    "readOnly", "writeOnly"};
    return name.starts_with("x-") || std::find(known.begin(), known.end(), name) != known.end();
}

// Those that apply to the same value as the node that has them.
void for_each_in_place(const SchemaNode& node, const std::function<void(NodeIndex)>& visit)
{
    for (const auto* list : {&node.all_of, &node.any_of, &node.one_of}) {
        std::for_each(list->begin(), list->end(), visit);
    }
    for (const auto* one :
         {&node.not_this, &node.if_this, &node.then_this, &node.else_this, &node.reference}) {
        if (*one) {
            visit(**one);
        }
    }
    if (node.objects) {
        for (const auto& [name, index] : node.objects->dependent_schemas) {
            visit(index);
        }
    }
}

} // namespace

struct SchemaCompiler::Keyword {
    std::string_view name;
    Outcome (SchemaCompiler::*take)(const Use& use);
};

const std::vector<SchemaCompiler::Keyword>& SchemaCompiler::keywords()
{
    using C = SchemaCompiler;
    static const std::vector<Keyword> table{
        {"type", &C::take_type},
        {"enum", &C::take_choices},
        {"const", &C::take_choices},
        {"minimum", &C::take_number},
        {"maximum", &C::take_number},
        {"exclusiveMinimum", &C::take_number},
        {"exclusiveMaximum", &C::take_number},
        {"multipleOf", &C::take_number},
        {"minLength", &C::take_size},
        {"maxLength", &C::take_size},
        {"minItems", &C::take_size},
        {"maxItems", &C::take_size},
        {"minContains", &C::take_size},
        {"maxContains", &C::take_size},
        {"minProperties", &C::take_size},
        {"maxProperties", &C::take_size},
        {"pattern", &C::take_pattern},
        {"format", &C::take_format},
        {"uniqueItems", &C::take_unique},
        {"required", &C::take_names},
        {"dependentRequired", &C::take_dependent_names},
        {"items", &C::take_child},
        {"contains", &C::take_child},
        {"additionalProperties", &C::take_child},
        {"propertyNames", &C::take_child},
        {"not", &C::take_child},
        {"if", &C::take_child},
        {"then", &C::take_child},
        {"else", &C::take_child},
        {"prefixItems", &C::take_children},
        {"allOf", &C::take_children},
        {"anyOf", &C::take_children},
        {"oneOf", &C::take_children},
        {"properties", &C::take_named_children},
        {"dependentSchemas", &C::take_named_children},
        {"$defs", &C::take_named_children},
        {"definitions", &C::take_named_children},
        {"patternProperties", &C::take_patterns},
        {"$ref", &C::take_reference},
        {"$schema", &C::take_root_only},
        {"$id", &C::take_root_only},
    };
    return table;
}

Result<std::vector<SchemaNode>> SchemaCompiler::run()
{
    if (const auto* root = root_.if_object(); root != nullptr && root->contains("$schema")) {
        is_draft_7_ = is_draft_7(root->at("$schema"));
    }
    SEAL_TRY_VOID(compile(root_, "", 0));
    SEAL_TRY_VOID(resolve_references());
    SEAL_TRY_VOID(check_cycles());
    return std::move(nodes_);
}

Result<NodeIndex> SchemaCompiler::compile(const Value& schema, const std::string& pointer,
                                          std::size_t depth)
{
    if (const auto found = known_.find(pointer); found != known_.end()) {
        return found->second;
    }
    if (depth > schema_depth_max || nodes_.size() == subschemas_max) {
        return Error{Errc::too_large,
                     "a schema has at most " + std::to_string(subschemas_max) +
                         " subschemas, nested " + std::to_string(schema_depth_max) + " deep",
                     pointer};
    }
    const auto index = static_cast<NodeIndex>(nodes_.size());
    nodes_.emplace_back();
    nodes_.back().pointer = pointer;
    known_.emplace(pointer, index);
    if (schema.is_bool()) {
        nodes_.back().is_never = !schema.get_bool();
        return index;
    }
    if (!schema.is_object()) {
        return fault_at(pointer, "a schema is an object, true or false");
    }
    SEAL_TRY_VOID(compile_object(index, schema.get_object(), depth));
    return index;
}

Result<void> SchemaCompiler::compile_object(NodeIndex index, const Object& schema,
                                            std::size_t depth)
{
    const std::string pointer = node(index).pointer;
    for (const auto& member : schema) {
        const auto name = view(member.key());
        std::string place = pointer;
        append_token(place, name);
        if (is_annotation(name)) {
            continue;
        }
        const auto& table = keywords();
        const auto keyword =
            std::find_if(table.begin(), table.end(),
                         [name](const Keyword& candidate) { return candidate.name == name; });
        if (keyword == table.end()) {
            return fault_at(place, "this keyword is not supported, so it would not be checked");
        }
        SEAL_TRY_VOID((this->*keyword->take)(Use{index, name, member.value(), place, depth}));
    }
    return check_draft(schema, pointer);
}

// In draft-07 what stands beside $ref does not count, in 2020-12 it does.
Result<void> SchemaCompiler::check_draft(const Object& schema, const std::string& pointer) const
{
    if (!is_draft_7_ || !schema.contains("$ref")) {
        return {};
    }
    for (const auto& member : schema) {
        const auto name = view(member.key());
        if (name != "$ref" && name != "definitions" && name != "$schema" && name != "$id" &&
            !is_annotation(name)) {
            std::string place = pointer;
            append_token(place, name);
            return fault_at(place,
                            "in draft-07 nothing beside \"$ref\" counts: put both into \"allOf\"");
        }
    }
    return {};
}

Result<void> SchemaCompiler::resolve_references()
{
    while (!pending_.empty()) {
        const Pending next = std::move(pending_.back());
        pending_.pop_back();
        const auto tokens = parse_pointer(next.target);
        const Value* target = tokens ? find(root_, *tokens) : nullptr;
        if (target == nullptr) {
            return fault_at(next.pointer, "\"$ref\" leads nowhere");
        }
        SEAL_TRY(index, compile(*target, next.target, 0));
        node(next.node).reference = index;
    }
    return {};
}

Result<void> SchemaCompiler::check_cycles() const
{
    enum class Mark : std::uint8_t { fresh, open, done };
    std::vector<Mark> marks(nodes_.size(), Mark::fresh);
    std::optional<NodeIndex> cycle;
    const std::function<void(NodeIndex)> visit = [&](NodeIndex index) {
        if (cycle || marks[index] == Mark::done) {
            return;
        }
        if (marks[index] == Mark::open) {
            cycle = index;
            return;
        }
        marks[index] = Mark::open;
        for_each_in_place(nodes_[index], visit);
        marks[index] = Mark::done;
    };
    for (NodeIndex index = 0; index < nodes_.size() && !cycle; ++index) {
        visit(index);
    }
    if (cycle) {
        return fault_at(nodes_[*cycle].pointer,
                        "this schema applies itself to the same value, for ever");
    }
    return {};
}

} // namespace sealstream
