#include "core/schema/json_schema.hpp"

#include "core/event/canonical_json.hpp"
#include "core/schema/compiler.hpp"
#include "core/schema/validation.hpp"

namespace sealstream {

JsonSchema::JsonSchema(std::shared_ptr<const std::vector<SchemaNode>> nodes)
    : nodes_{std::move(nodes)}
{
}

Result<JsonSchema> JsonSchema::compile(const boost::json::value& schema)
{
    if (to_canonical_json(schema).size() > schema_bytes_max) {
        return Error{Errc::too_large,
                     "a schema has at most " + std::to_string(schema_bytes_max) + " bytes"};
    }
    SEAL_TRY(nodes, SchemaCompiler{schema}.run());
    return JsonSchema{std::make_shared<const std::vector<SchemaNode>>(std::move(nodes))};
}

std::vector<SchemaFault> JsonSchema::validate(const boost::json::value& value) const
{
    if (accepts(value)) {
        return {}; // nearly always; it need not say where it is
    }
    std::vector<SchemaFault> faults;
    SchemaValidation validation{*nodes_, &faults};
    if (validation.run(value)) {
        faults.clear();
    }
    return faults;
}

bool JsonSchema::accepts(const boost::json::value& value) const
{
    return SchemaValidation{*nodes_, nullptr}.run(value);
}

} // namespace sealstream
