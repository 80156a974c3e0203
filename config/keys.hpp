#pragma once

// The one table of keys. To add a setting: a field in its module's options, a row in its section
// (sections.hpp); the tests tell the rest.

#include "config/key.hpp"

namespace sealstream {

// In the order of the reference.
[[nodiscard]] const std::vector<Key>& keys();

[[nodiscard]] const Key* find_key(std::string_view path);

// What must hold between settings, one sentence for each breach: "auditor.origin: …".
[[nodiscard]] std::vector<std::string> broken_relations(const Settings& settings);

} // namespace sealstream
