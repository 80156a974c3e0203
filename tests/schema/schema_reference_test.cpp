// Our JSON Schema against an implementation that others wrote, python3-jsonschema, by draft
// 2020-12: the same random schemas and documents, the same verdicts.

#include "core/event/canonical_json.hpp"
#include "core/schema/json_schema.hpp"
#include "tests/schema/random_schema.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/source_files.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <unistd.h>

using namespace sealstream;
using namespace sealstream::testing;
namespace json = boost::json;

namespace {

constexpr const char* python =
    "/usr/bin/python3"; // the distribution's, which its packages belong to
constexpr std::size_t schemas_count = 1500;
constexpr std::size_t documents_count = 12;

struct Case {
    json::value schema;
    std::vector<json::value> documents;
};

// As a client's JSON would be read, so that 2.0 is an integer on both sides.
json::value normal(const json::value& value)
{
    return *parse_json(to_canonical_json(value));
}

std::vector<Case> random_cases()
{
    auto random = random_generator(411);
    std::vector<Case> cases;
    for (std::size_t number = 0; number < schemas_count; ++number) {
        Case next{normal(random_schema(random, 3)), {}};
        if (random() % 4 == 0 && next.schema.is_object()) {
            next.schema.get_object()["$defs"] = json::object{{"x", random_schema(random, 2)}};
            next.schema.get_object()["properties"] = json::object{{"a", {{"$ref", "#/$defs/x"}}}};
            next.schema = normal(next.schema);
        }
        for (std::size_t at = 0; at < documents_count; ++at) {
            next.documents.push_back(normal(random_document(random, 3)));
        }
        cases.push_back(std::move(next));
    }
    return cases;
}

} // namespace

TEST_CASE("verdicts are those of python3-jsonschema", "[schema][property]")
{
    if (std::system((std::string{python} + " -c 'import jsonschema' 2>/dev/null").c_str()) != 0) {
        std::cout << "SKIPPED: python3-jsonschema is not installed" << std::endl;
        return;
    }
    const auto cases = random_cases();
    std::string folder =
        (std::filesystem::temp_directory_path() / "sealstream-schema-XXXXXX").string();
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    {
        std::ofstream questions{folder + "/questions"};
        for (const Case& one : cases) {
            const json::object line{
                {"schema", one.schema},
                {"documents", json::array(one.documents.begin(), one.documents.end())}};
            questions << to_canonical_json(line) << '\n';
        }
    }
    const std::string command = std::string{python} + " '" +
                                source_path("tests/schema/schema_reference.py") + "' <" + folder +
                                "/questions >" + folder + "/answers";
    REQUIRE(std::system(command.c_str()) == 0);

    std::ifstream answers{folder + "/answers"};
    std::size_t accepted = 0;
    std::string wrong; // gathered, as every assertion between would clear a message
    for (const Case& one : cases) {
        std::string expected;
        REQUIRE(std::getline(answers, expected));
        const auto schema = JsonSchema::compile(one.schema);
        INFO(to_canonical_json(one.schema));
        REQUIRE(schema.has_value());
        for (std::size_t at = 0; at < one.documents.size(); ++at) {
            const bool is_good = schema->accepts(one.documents[at]);
            const bool is_explained = schema->validate(one.documents[at]).empty() == is_good;
            accepted += is_good ? 1U : 0U;
            if (is_good != (expected[at] == '1') || !is_explained) {
                wrong += to_canonical_json(one.schema) + " on " +
                         to_canonical_json(one.documents[at]) + '\n';
            }
        }
    }
    std::filesystem::remove_all(folder);
    INFO("seed " << seed());
    CHECK(wrong == "");
    // Otherwise the generator has become pointless.
    CHECK(accepted > schemas_count * documents_count / 10);
    CHECK(accepted < schemas_count * documents_count * 9 / 10);
}
