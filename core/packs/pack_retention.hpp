#pragma once

// How long the packs of a ledger keep payloads: pure.

#include "core/packs/pack_set.hpp"
#include "core/retention/retention_rules.hpp"

namespace sealstream {

[[nodiscard]] RetentionRules retention_rules(const PackSet& packs);

} // namespace sealstream
