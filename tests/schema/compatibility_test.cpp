#include "core/event/canonical_json.hpp"
#include "core/schema/compatibility.hpp"
#include "core/schema/json_schema.hpp"
#include "tests/schema/random_schema.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

using namespace sealstream;
using namespace sealstream::testing;
namespace json = boost::json;

namespace {

json::value normal(const json::value& value)
{
    return *parse_json(to_canonical_json(value));
}

// A neighbour: some keyword somewhere is gone, or another one is there.
json::value altered(std::mt19937_64& random, const json::value& schema)
{
    if (!schema.is_object() || schema.get_object().empty() || random() % 6 == 0) {
        return random_schema(random, 1);
    }
    json::object copy = schema.get_object();
    if (random() % 4 == 0) {
        const auto extra = random_schema(random, 1);
        if (extra.is_object()) {
            for (const auto& member : extra.get_object()) {
                copy[member.key()] = member.value();
            }
        }
        return copy;
    }
    auto chosen = copy.begin() + static_cast<std::ptrdiff_t>(random() % copy.size());
    const std::string_view key{chosen->key().data(), chosen->key().size()};
    if (random() % 3 == 0) {
        copy.erase(chosen);
    } else if (key == "properties") {
        auto& members = chosen->value().get_object();
        auto member = members.begin() + static_cast<std::ptrdiff_t>(random() % members.size());
        member->value() = altered(random, member->value());
        if (random() % 3 == 0 && member->value().is_object()) {
            member->value().get_object()["default"] = random_document(random, 1);
        }
    } else if (key == "items" || key == "additionalProperties" || key == "not") {
        chosen->value() = altered(random, chosen->value());
    }
    return copy;
}

// What a reader does with a schema's defaults, as slowly as it likes.
json::value with_defaults(const json::value& schema, json::value document)
{
    const auto* object = schema.if_object();
    if (object == nullptr) {
        return document;
    }
    if (document.is_array() && object->contains("items")) {
        for (auto& element : document.get_array()) {
            element = with_defaults(object->at("items"), element);
        }
    }
    if (!document.is_object() || !object->contains("properties")) {
        return document;
    }
    auto& members = document.get_object();
    for (const auto& property : object->at("properties").get_object()) {
        const auto* rules = property.value().if_object();
        if (!members.contains(property.key()) && rules != nullptr && rules->contains("default") &&
            object->contains("required")) {
            const auto& names = object->at("required").get_array();
            if (std::find(names.begin(), names.end(), json::value(property.key())) != names.end()) {
                members[property.key()] = rules->at("default");
            }
        } else if (members.contains(property.key())) {
            members[property.key()] = with_defaults(property.value(), members.at(property.key()));
        }
    }
    return document;
}

} // namespace

TEST_CASE("what is called compatible accepts every old document", "[schema][property]")
{
    auto random = random_generator(421);
    std::size_t compatible = 0;
    std::size_t tried = 0;
    std::size_t wrong = 0;
    for (int round = 0; round < 20'000; ++round) {
        const auto before = normal(random_schema(random, 2));
        const auto after = normal(altered(random, before));
        if (!find_breaks(before, after, Compatibility::backward).empty()) {
            continue;
        }
        ++compatible;
        const auto old_schema = JsonSchema::compile(before);
        const auto new_schema = JsonSchema::compile(after);
        REQUIRE((old_schema && new_schema));
        for (int at = 0; at < 20; ++at) {
            const auto document = normal(random_document(random, 2));
            if (old_schema->accepts(document)) {
                ++tried;
                if (!new_schema->accepts(document) &&
                    !new_schema->accepts(with_defaults(after, document))) {
                    ++wrong;
                    UNSCOPED_INFO("seed " << seed() << ": " << to_canonical_json(before) << " then "
                                          << to_canonical_json(after) << " on "
                                          << to_canonical_json(document));
                }
            }
        }
    }
    CHECK(wrong == 0);
    CHECK(compatible > 1000);
    CHECK(tried > 10'000);
}

TEST_CASE("every schema is compatible with itself", "[schema][property]")
{
    auto random = random_generator(422);
    for (int round = 0; round < 1000; ++round) {
        const auto schema = normal(random_schema(random, 3));
        CAPTURE(seed(), to_canonical_json(schema));
        CHECK(find_breaks(schema, schema, Compatibility::full).empty());
    }
}

TEST_CASE("the usual changes are told apart, each at its place", "[schema]")
{
    struct Row {
        const char* what;
        const char* before;
        const char* after;
        const char* backward; // where it breaks; "ok": it does not
        const char* forward;
    };
    const auto row = GENERATE(
        Row{"a description", R"({"type":"object"})", R"({"type":"object","title":"x"})", "ok",
            "ok"},
        Row{"a required member", R"({"properties":{"a":{}}})", R"({"required":["a"]})", "/required",
            "ok"},
        Row{"a required member with a default", R"({"additionalProperties":false})",
            R"({"required":["a"],"properties":{"a":{"type":"integer","default":0}},
                "additionalProperties":false})",
            "ok", "/additionalProperties"},
        Row{"a required member with a default that does not fit",
            R"({"additionalProperties":false})",
            R"({"required":["a"],"properties":{"a":{"type":"integer","default":""}}})", "/required",
            "/additionalProperties"},
        Row{"a member less that is required", R"({"required":["a"]})", R"({})", "ok", "/required"},
        Row{"an optional member in a closed schema", R"({"additionalProperties":false})",
            R"({"properties":{"a":{"type":"string"}},"additionalProperties":false})", "ok",
            "/additionalProperties"},
        Row{"an optional member in an open schema", R"({})",
            R"({"properties":{"a":{"type":"string"}}})", "/properties/a/type", "ok"},
        Row{"a wider type", R"({"type":"integer"})", R"({"type":"number"})", "ok", "/type"},
        Row{"another type", R"({"properties":{"a":{"type":"integer"}}})",
            R"({"properties":{"a":{"type":"string"}}})", "/properties/a/type",
            "/properties/a/type"},
        Row{"a longer enumeration", R"({"enum":["a"]})", R"({"enum":["a","b"]})", "ok", "/enum"},
        Row{"an enumeration of strings", R"({"type":"string"})", R"({"enum":["a"]})", "/enum",
            "ok"},
        Row{"a closed object", R"({"properties":{"a":{}}})",
            R"({"properties":{"a":{}},"additionalProperties":false})", "/additionalProperties",
            "ok"},
        Row{"a lower minimum", R"({"minimum":2})", R"({"minimum":1})", "ok", "/minimum"},
        Row{"a longer text", R"({"maxLength":2})", R"({"maxLength":3})", "ok", "/maxLength"},
        Row{"a pattern", R"({"type":"string"})", R"({"type":"string","pattern":"^a"})", "/pattern",
            "ok"},
        Row{"elements", R"({"items":{"type":"integer"}})", R"({"items":{"type":"number"}})", "ok",
            "/items/type"},
        Row{"one alternative more", R"({"anyOf":[{"type":"string"}]})",
            R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "ok", "/anyOf"},
        Row{"words moved into a definition", R"({"properties":{"a":{"type":"string"}}})",
            R"({"properties":{"a":{"$ref":"#/$defs/t"}},"$defs":{"t":{"type":"string"}}})", "ok",
            "ok"},
        Row{"a recursive schema that grows",
            R"({"properties":{"n":{"$ref":"#"},"v":{"type":"integer"}},"additionalProperties":false})",
            R"({"properties":{"n":{"$ref":"#"},"v":{"type":"number"}},"additionalProperties":false})",
            "ok", "/properties/v/type"});
    CAPTURE(row.what);
    const auto before = *parse_json(row.before);
    const auto after = *parse_json(row.after);
    const auto place = [&](Compatibility wanted) -> std::string {
        const auto breaks = find_breaks(before, after, wanted);
        return breaks.empty() ? "ok" : breaks.front().pointer;
    };

    CHECK(place(Compatibility::backward) == row.backward);
    CHECK(place(Compatibility::forward) == row.forward);
    CHECK(place(Compatibility::none) == "ok");
    const bool is_full =
        std::string_view{row.backward} == "ok" && std::string_view{row.forward} == "ok";
    CHECK((place(Compatibility::full) == "ok") == is_full);
}

TEST_CASE("schemas that are too complex to be compared are not compatible", "[schema]")
{
    // Each level asks for both of two alternatives of the next.
    std::string defs;
    for (int level = 0; level < 40; ++level) {
        const auto next = std::to_string(level + 1);
        defs.append("\"d" + std::to_string(level) +
                    "\":{\"anyOf\":[{\"items\":{\"$ref\":\"#/$defs/d" + next +
                    "\"}},{\"items\":{\"$ref\":\"#/$defs/d" + next + "\"}}]},");
    }
    const auto schema = [&](const char* last) {
        return *parse_json("{\"$ref\":\"#/$defs/d0\",\"$defs\":{" + defs + "\"d40\":{\"type\":\"" +
                           last + "\"}}}");
    };

    const auto breaks = find_breaks(schema("integer"), schema("string"), Compatibility::backward);

    CHECK(!breaks.empty());
}
