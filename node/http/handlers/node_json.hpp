#pragma once

// What the node says about itself, as JSON.

#include "node/http/services.hpp"

namespace sealstream::http {

[[nodiscard]] std::string version_json(const Services& services);
[[nodiscard]] std::string limits_json(const Services& services);
[[nodiscard]] std::string durability_json(const Durability& durability);

} // namespace sealstream::http
