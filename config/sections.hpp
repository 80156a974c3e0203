#pragma once

// The table of settings by section, as config/README.md shows it. A key is a row of its section.

#include "config/key.hpp"

namespace sealstream {

[[nodiscard]] std::vector<Key> process_keys();
[[nodiscard]] std::vector<Key> http_keys();
[[nodiscard]] std::vector<Key> idempotency_keys();
[[nodiscard]] std::vector<Key> policy_keys();
[[nodiscard]] std::vector<Key> store_keys();
[[nodiscard]] std::vector<Key> role_keys();
[[nodiscard]] std::vector<Key> snapshot_keys();
[[nodiscard]] std::vector<Key> retention_keys();
[[nodiscard]] std::vector<Key> group_keys();

} // namespace sealstream
