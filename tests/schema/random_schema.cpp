#include "tests/schema/random_schema.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <array>
#include <string>

namespace sealstream::testing {

namespace json = boost::json;

namespace {

using Random = std::mt19937_64;

constexpr std::array<const char*, 4> members{"a", "b", "c", "d"};
constexpr std::array<const char*, 6> patterns{"^a", "b$", "^[ab]+$", "aa|bb", "^.{2}$", "\\d"};
constexpr std::array<const char*, 7> types{"null",   "boolean", "integer", "number",
                                           "string", "array",   "object"};

bool one_in(Random& random, unsigned of)
{
    return random() % of == 0;
}

std::string member(Random& random)
{
    return members[random() % members.size()];
}

std::string pattern(Random& random)
{
    return patterns[random() % patterns.size()];
}

json::array names(Random& random)
{
    json::array list;
    for (const auto* name : members) {
        if (one_in(random, 3)) {
            list.emplace_back(name);
        }
    }
    return list;
}

json::array schemas(Random& random, int depth)
{
    json::array list;
    for (std::size_t left = 1 + random() % 3; left != 0; --left) {
        list.push_back(random_schema(random, depth));
    }
    return list;
}

json::object named_schemas(Random& random, int depth)
{
    json::object list;
    for (std::size_t left = 1 + random() % 3; left != 0; --left) {
        list[member(random)] = random_schema(random, depth);
    }
    return list;
}

json::value small(Random& random)
{
    if (one_in(random, 3)) {
        return static_cast<double>(static_cast<std::int64_t>(random() % 21) - 10) / 4 + 0.125;
    }
    return static_cast<std::int64_t>(random() % 11) - 5;
}

std::int64_t size(Random& random)
{
    return static_cast<std::int64_t>(random() % 4);
}

void add_simple(Random& random, json::object& schema)
{
    switch (random() % 16) {
    case 0:
        schema["type"] = types[random() % types.size()];
        break;
    case 1:
        schema["type"] = json::array{types[random() % 3], types[3 + random() % 4]};
        break;
    case 2:
        schema["enum"] = json::array{random_document(random, 1), random_document(random, 1),
                                     random_document(random, 0), true, 1};
        break;
    case 3:
        if (!schema.contains("enum")) {
            schema["const"] = random_document(random, 1);
        }
        break;
    case 4:
        schema["minimum"] = small(random);
        break;
    case 5:
        schema["maximum"] = small(random);
        break;
    case 6:
        schema["exclusiveMinimum"] = small(random);
        break;
    case 7:
        schema["exclusiveMaximum"] = small(random);
        break;
    case 8:
        schema["multipleOf"] = one_in(random, 2) ? json::value(0.25) : json::value(2);
        break;
    case 9:
        schema["minLength"] = size(random);
        break;
    case 10:
        schema["maxLength"] = size(random);
        break;
    case 11:
        schema["pattern"] = pattern(random);
        break;
    case 12:
        schema["minItems"] = size(random);
        break;
    case 13:
        schema["maxItems"] = size(random);
        break;
    case 14:
        schema["uniqueItems"] = true;
        break;
    default:
        schema["required"] = names(random);
        break;
    }
}

void add_nested(Random& random, json::object& schema, int depth)
{
    switch (random() % 17) {
    case 0:
    case 1:
    case 2:
        schema["properties"] = named_schemas(random, depth);
        break;
    case 3:
        schema["additionalProperties"] = random_schema(random, depth);
        break;
    case 4:
        schema["patternProperties"] = json::object{{"^[ab]$", random_schema(random, depth)}};
        break;
    case 5:
        schema["items"] = random_schema(random, depth);
        break;
    case 6:
        schema["prefixItems"] = schemas(random, depth);
        break;
    case 7:
        schema["contains"] = random_schema(random, depth);
        if (one_in(random, 2)) {
            schema["minContains"] = size(random);
            schema["maxContains"] = 1 + size(random);
        }
        break;
    case 8:
        schema["allOf"] = schemas(random, depth);
        break;
    case 9:
        schema["anyOf"] = schemas(random, depth);
        break;
    case 10:
        schema["oneOf"] = schemas(random, depth);
        break;
    case 11:
        schema["not"] = random_schema(random, depth);
        break;
    case 12:
        schema["if"] = random_schema(random, depth);
        schema["then"] = random_schema(random, depth);
        schema["else"] = random_schema(random, depth);
        break;
    case 13:
        schema["propertyNames"] = json::object{{"pattern", "^[abc]$"}};
        break;
    case 14:
        schema["dependentRequired"] = json::object{{member(random), names(random)}};
        break;
    case 15:
        schema["dependentSchemas"] = named_schemas(random, depth);
        break;
    default:
        schema["minProperties"] = size(random);
        schema["maxProperties"] = 1 + size(random);
        break;
    }
}

} // namespace

json::value random_schema(Random& random, int depth)
{
    if (one_in(random, 12)) {
        return one_in(random, 3) ? json::value(false) : json::value(true);
    }
    json::object schema;
    for (std::size_t left = random() % 3; left != 0; --left) {
        add_simple(random, schema);
    }
    for (std::size_t left = depth > 0 ? random() % 3 : 0; left != 0; --left) {
        add_nested(random, schema, depth - 1);
    }
    return schema;
}

json::value random_document(Random& random, int depth)
{
    const auto choice = random() % (depth > 0 ? 10 : 5);
    if (choice == 0) {
        return one_in(random, 2) ? json::value(nullptr) : json::value(one_in(random, 2));
    }
    if (choice < 3) {
        return small(random);
    }
    if (choice < 5) {
        std::string text;
        for (std::size_t left = random() % 4; left != 0; --left) {
            text.append(one_in(random, 2) ? "a" : one_in(random, 4) ? "\xe2\x82\xac" : "b");
        }
        return json::value(json::string{text});
    }
    if (choice < 7) {
        json::array array;
        for (std::size_t left = random() % 4; left != 0; --left) {
            array.push_back(random_document(random, depth - 1));
        }
        return array;
    }
    json::object object;
    for (std::size_t left = random() % 4; left != 0; --left) {
        object[member(random)] = random_document(random, depth - 1);
    }
    return object;
}

} // namespace sealstream::testing
