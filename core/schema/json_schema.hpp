#pragma once

// JSON Schema 2020-12, the part of it that docs/schemas.md lists, compiled once and then applied to
// many events. A keyword that is not on that list is refused, never ignored: a rule that somebody
// believes in must hold.
//
// Executor   Any. A compiled schema never changes; copies share it.
// Bounds     Compiling: bytes, depth, number of subschemas. Applying: steps, and faults reported.
// Secrets    Faults name places and what the schema says, never values of the event.

#include "core/base/result.hpp"

#include <boost/json/value.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sealstream {

inline constexpr std::size_t schema_bytes_max = 64 << 10; // as canonical JSON
inline constexpr std::size_t schema_depth_max = 32;
inline constexpr std::size_t subschemas_max = 2000;
inline constexpr std::size_t schema_steps_max = 200'000; // applying one subschema to one value
inline constexpr std::size_t schema_faults_max = 16;

struct SchemaFault {
    std::string pointer;        // JSON Pointer into the value
    std::string message;        // a sentence without its stop
    std::string schema_pointer; // JSON Pointer into the schema, to the keyword
};

struct SchemaNode;

class JsonSchema {
public:
    //   malformed     a keyword is unknown, unsupported or has a value of the wrong kind
    //   too_large     beyond one of the bounds
    // Both with a pointer into the schema.
    [[nodiscard]] static Result<JsonSchema> compile(const boost::json::value& schema);

    // Nothing when the value is as the schema says; else the first faults that were found. Running
    // out of steps is a fault too.
    [[nodiscard]] std::vector<SchemaFault> validate(const boost::json::value& value) const;

    // The same in one word; faster.
    [[nodiscard]] bool accepts(const boost::json::value& value) const;

private:
    explicit JsonSchema(std::shared_ptr<const std::vector<SchemaNode>> nodes);
    std::shared_ptr<const std::vector<SchemaNode>> nodes_; // the root is first
};

} // namespace sealstream
