#pragma once

// How long the payloads of a ledger's events are kept, as its packs say: pure. Event types without
// a class are kept for ever.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sealstream {

struct RetentionRules {
    // Classes are called "pack.class", so that two packs may use one word.
    std::map<std::string, std::chrono::seconds, std::less<>> classes{};
    std::map<std::string, std::string, std::less<>> event_types{};  // -> its class
    std::map<std::string, std::string, std::less<>> stream_types{}; // for types that have none

    // Null: kept for ever.
    [[nodiscard]] const std::string* class_of(std::string_view event_type,
                                              std::string_view stream_type) const;
    // Nothing: no pack knows the class (any more), and nothing of it is forgotten.
    [[nodiscard]] std::optional<std::chrono::seconds> keep(std::string_view retention_class) const;
};

// Shared by all that read it; edited packs replace the pointer.
using RetentionRulesPtr = std::shared_ptr<const RetentionRules>;

} // namespace sealstream
