#pragma once

// The keys of packs; a part of keys().

#include "config/key.hpp"

namespace sealstream {

[[nodiscard]] std::vector<Key> pack_keys();

} // namespace sealstream
