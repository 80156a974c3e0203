#include "core/event/canonical_json.hpp"
#include "core/schema/json_schema.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;

namespace {

JsonSchema compiled(std::string_view text)
{
    INFO(text);
    auto schema = JsonSchema::compile(*parse_json(text));
    REQUIRE(schema.has_value());
    return *std::move(schema);
}

constexpr auto order = R"({"type":"object","required":["id"],"additionalProperties":false,
    "properties":{"id":{"type":"integer","minimum":1},"at":{"format":"date-time"},
    "lines":{"items":{"properties":{"price":{"type":"number"},"a/b":{"const":1}}}}}})";

} // namespace

TEST_CASE("a fault names the place in the event and in the schema", "[schema]")
{
    struct Row {
        const char* value;
        const char* pointer;
        const char* schema_pointer;
        const char* message;
    };
    const auto row = GENERATE(
        Row{R"([])", "", "/type", "must be an object"},
        Row{R"({})", "/id", "/required", "is missing"},
        Row{R"({"id":0})", "/id", "/properties/id/minimum", "must be at least 1"},
        Row{R"({"id":1.5})", "/id", "/properties/id/type", "must be an integer"},
        Row{R"({"id":1,"more":2})", "/more", "/additionalProperties", "is not allowed here"},
        Row{R"({"id":1,"at":"noon"})", "/at", "/properties/at/format",
            "must be an RFC 3339 date and time"},
        Row{R"({"id":1,"lines":[{},{"price":"x"}]})", "/lines/1/price",
            "/properties/lines/items/properties/price/type", "must be a number"},
        Row{R"({"id":1,"lines":[{"a/b":2}]})", "/lines/0/a~1b",
            "/properties/lines/items/properties/a~1b/const",
            "must be the one value that is allowed"});
    CAPTURE(row.value);

    const auto faults = compiled(order).validate(*parse_json(row.value));

    REQUIRE(faults.size() == 1);
    CHECK(faults[0].pointer == row.pointer);
    CHECK(faults[0].schema_pointer == row.schema_pointer);
    CHECK(faults[0].message == row.message);
}

TEST_CASE("all faults are named at once, up to the limit", "[schema]")
{
    const auto two = compiled(order).validate(*parse_json(R"({"id":0,"more":1})"));
    std::string many{"["};
    for (std::size_t at = 0; at < schema_faults_max + 5; ++at) {
        many.append(at == 0 ? "1" : ",1");
    }
    const auto most = compiled(R"({"items":{"type":"string"}})").validate(*parse_json(many + "]"));

    CHECK(two.size() == 2);
    CHECK(most.size() == schema_faults_max);
}

TEST_CASE("messages never hold what the event says", "[schema][secrets]")
{
    const auto schema = compiled(R"({"properties":{"a":{"enum":[1]},"b":{"pattern":"^x$"},
        "c":{"const":2},"d":{"maxLength":1},"e":{"format":"uuid"},"f":{"type":"null"},
        "g":{"not":{}},"h":{"uniqueItems":true},"i":{"anyOf":[false]},"j":{"oneOf":[true,true]}}})");
    const auto faults = schema.validate(*parse_json(
        R"({"a":"canary","b":"canary","c":"canary","d":"canary","e":"canary","f":"canary",
            "g":"canary","h":["canary","canary"],"i":"canary","j":"canary"})"));

    CHECK(faults.size() == 10);
    for (const auto& fault : faults) {
        CHECK(fault.message.find("canary") == std::string::npos);
    }
}

TEST_CASE("a schema that can not be held is refused at its place", "[schema]")
{
    struct Row {
        const char* schema;
        const char* pointer;
    };
    const auto row = GENERATE(
        Row{R"("x")", ""}, Row{R"({"typ":"object"})", "/typ"}, Row{R"({"type":"text"})", "/type"},
        Row{R"({"type":[]})", "/type"}, Row{R"({"enum":[]})", "/enum"},
        Row{R"({"minimum":"1"})", "/minimum"}, Row{R"({"multipleOf":0})", "/multipleOf"},
        Row{R"({"minLength":-1})", "/minLength"}, Row{R"({"minLength":1.5})", "/minLength"},
        Row{R"({"pattern":"("})", "/pattern"},
        Row{"{\"patternProperties\":{\"(?=a)\":{}}}", "/patternProperties/(?=a)"},
        Row{R"({"format":"credit-card"})", "/format"}, Row{R"({"uniqueItems":1})", "/uniqueItems"},
        Row{R"({"required":"a"})", "/required"}, Row{R"({"required":[1]})", "/required"},
        Row{R"({"items":[{}]})", "/items"}, Row{R"({"additionalItems":false})", "/additionalItems"},
        Row{R"({"unevaluatedProperties":false})", "/unevaluatedProperties"},
        Row{R"({"$dynamicRef":"#a"})", "/$dynamicRef"}, Row{R"({"$anchor":"a"})", "/$anchor"},
        Row{R"({"contentEncoding":"base64"})", "/contentEncoding"},
        Row{R"({"allOf":[]})", "/allOf"}, Row{R"({"allOf":[{},{"x":1}]})", "/allOf/1/x"},
        Row{R"({"properties":{"a":7}})", "/properties/a"},
        Row{R"({"$ref":"https://example.com/s"})", "/$ref"}, Row{R"({"$ref":"other"})", "/$ref"},
        Row{R"({"$ref":"#a"})", "/$ref"}, Row{R"({"$ref":"#/$defs/a"})", "/$ref"},
        Row{R"({"$ref":"#"})", ""}, Row{R"({"allOf":[{"$ref":"#"}]})", ""},
        Row{R"({"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}})", "/$defs/"},
        Row{R"({"$schema":"http://json-schema.org/draft-04/schema#"})", "/$schema"},
        Row{R"({"properties":{"a":{"$id":"x"}}})", "/properties/a/$id"},
        Row{R"({"$schema":"http://json-schema.org/draft-07/schema#",
                "$ref":"#/definitions/a","minimum":1,"definitions":{"a":{}}})",
            "/minimum"});
    CAPTURE(row.schema);

    const auto schema = JsonSchema::compile(*parse_json(row.schema));

    REQUIRE(!schema.has_value());
    CHECK(schema.error().code == Errc::malformed);
    const std::string_view wanted{row.pointer};
    CHECK((wanted.ends_with('/') ? schema.error().pointer.starts_with(wanted)
                                 : schema.error().pointer == wanted));
}

TEST_CASE("schemas beyond the bounds are refused", "[schema]")
{
    std::string deep;
    for (std::size_t level = 0; level <= schema_depth_max; ++level) {
        deep.append(R"({"not":)");
    }
    deep.append("true").append(schema_depth_max + 1, '}');
    std::string wide{R"({"allOf":[true)"};
    for (std::size_t count = 1; count <= subschemas_max; ++count) {
        wide.append(",true");
    }
    const std::string large = R"({"title":")" + std::string(schema_bytes_max, 'x') + R"("})";

    for (const auto& text : {deep, wide + "]}", large}) {
        const auto schema = JsonSchema::compile(*parse_json(text));
        REQUIRE(!schema.has_value());
        CHECK(schema.error().code == Errc::too_large);
    }
}

TEST_CASE("a recursive schema follows the event as deep as it goes", "[schema]")
{
    const auto tree = compiled(
        R"({"properties":{"left":{"$ref":"#"},"value":{"type":"integer"}},"required":["value"]})");

    CHECK(tree.accepts(*parse_json(R"({"value":1,"left":{"value":2,"left":{"value":3}}})")));
    CHECK(!tree.accepts(*parse_json(R"({"value":1,"left":{"value":2,"left":{"value":""}}})")));
}

TEST_CASE("a schema that takes exponential time is cut off, and says so", "[schema]")
{
    const auto slow = compiled(
        R"({"$ref":"#/$defs/x","$defs":{"x":{"type":"array","anyOf":[{"items":{"$ref":"#/$defs/x"}},
            {"items":{"$ref":"#/$defs/x"}},{"items":{"$ref":"#/$defs/x"}}]}}})");
    std::string deep(40, '[');
    deep.append("1").append(40, ']');

    const auto faults = slow.validate(*parse_json(deep));

    REQUIRE(!faults.empty());
    CHECK(faults.back().message.find("steps") != std::string::npos);
    CHECK(!slow.accepts(*parse_json(deep)));
    CHECK(!compiled(R"({"not":{"$ref":"#/$defs/x"},"$defs":{"x":{"type":"array","anyOf":[
        {"items":{"$ref":"#/$defs/x"}},{"items":{"$ref":"#/$defs/x"}},
        {"items":{"$ref":"#/$defs/x"}}]}}})")
               .accepts(*parse_json(deep)));
}

TEST_CASE("numbers are compared exactly", "[schema]")
{
    CHECK(!compiled(R"({"maximum":9007199254740992})").accepts(*parse_json("9007199254740993")));
    CHECK(compiled(R"({"maximum":18446744073709551615})")
              .accepts(*parse_json("18446744073709551615")));
    CHECK(!compiled(R"({"multipleOf":2})").accepts(*parse_json("9007199254740993")));
    CHECK(compiled(R"({"multipleOf":0.01})").accepts(*parse_json("19.99")));
    CHECK(compiled(R"({"type":"integer"})").accepts(*parse_json("1e300")));
}
