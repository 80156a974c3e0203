// The published JSON Schema test suite, draft-07 (Debian package json-schema-test-suite): each
// verdict as the suite says, or the schema is refused, and then it is on the list below.

#include "core/event/canonical_json.hpp"
#include "core/schema/json_schema.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

using namespace sealstream;
namespace json = boost::json;

namespace {

const std::filesystem::path suite{"/usr/share/json-schema-test-suite/tests/draft7"};

// What we do not do, and say so when such a schema is registered.
const std::set<std::string> refused_groups{
    // Draft-07's own forms of what are prefixItems, items, dependentRequired and dependentSchemas.
    "additionalItems: additionalItems are allowed by default",
    "additionalItems: additionalItems as false without items",
    "additionalItems: additionalItems as schema",
    "additionalItems: array of items with no additionalItems",
    "additionalItems: items is schema, no additionalItems",
    "dependencies: dependencies",
    "dependencies: dependencies with boolean subschemas",
    "dependencies: dependencies with empty array",
    "dependencies: multiple dependencies",
    "dependencies: multiple dependencies subschema",
    "items: an array of schemas for items",
    "items: items with boolean schemas",
    "ref: relative pointer ref to array",
    // A nested $id, and percent-encoding in a $ref.
    "ref: Recursive references between schemas",
    "ref: escaped pointer ref",
    // In draft-07 nothing beside $ref counts, which is easily overlooked.
    "ref: ref overrides any sibling keywords",
    // Nothing is fetched.
    "definitions: invalid definition",
    "definitions: valid definition",
    "ref: remote ref, containing refs itself",
    "refRemote: base URI change",
    "refRemote: base URI change - change folder",
    "refRemote: base URI change - change folder in subschema",
    "refRemote: fragment within remote ref",
    "refRemote: ref within remote ref",
    "refRemote: remote ref",
    "refRemote: root ref in remote ref",
    // "format": "regex".
    "ecmascript-regex: ECMA 262 regex non-compliance",
};

json::value read_json(const std::filesystem::path& file)
{
    std::ifstream in{file};
    std::stringstream text;
    text << in.rdbuf();
    auto value = parse_json(text.str());
    INFO(file);
    REQUIRE(value.has_value());
    return *std::move(value);
}

std::string text_of(const json::value& value)
{
    return {value.get_string().data(), value.get_string().size()};
}

json::value as_draft_7(json::value schema)
{
    if (schema.is_object() && !schema.get_object().contains("$schema")) {
        schema.get_object()["$schema"] = "http://json-schema.org/draft-07/schema#";
    }
    return schema;
}

struct Tally {
    std::size_t right{0};
    std::set<std::string> refused;
};

void run_group(const std::string& file, const json::object& group, Tally& tally)
{
    const std::string name = file + ": " + text_of(group.at("description"));
    const auto schema = JsonSchema::compile(as_draft_7(group.at("schema")));
    if (!schema) {
        tally.refused.insert(name);
        return;
    }
    for (const auto& test : group.at("tests").get_array()) {
        INFO(name << ": " << text_of(test.get_object().at("description")));
        const bool expected = test.get_object().at("valid").get_bool();
        const auto& data = test.get_object().at("data");
        const bool is_good = schema->accepts(data);
        CHECK(is_good == expected);
        CHECK(schema->validate(data).empty() == is_good);
        tally.right += is_good == expected ? 1U : 0U;
    }
}

} // namespace

TEST_CASE("verdicts are those of the published test suite", "[schema][conformance]")
{
    if (!std::filesystem::exists(suite)) {
        std::cout << "SKIPPED: json-schema-test-suite is not installed" << std::endl;
        return;
    }
    Tally tally;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{suite}) {
        if (entry.is_regular_file()) {
            files.push_back(entry.path());
        }
    }
    files.push_back(suite / "optional" / "ecmascript-regex.json");
    files.push_back(suite / "optional" / "zeroTerminatedFloats.json");

    for (const auto& file : files) {
        const auto groups = read_json(file);
        for (const auto& group : groups.get_array()) {
            run_group(file.stem().string(), group.get_object(), tally);
        }
    }

    CHECK(tally.right > 340);
    CHECK(tally.refused == refused_groups);
}
