#pragma once

// The part of the table that is about TLS and access; keys.cpp puts the parts together.

#include "config/key.hpp"

namespace sealstream {

[[nodiscard]] std::vector<Key> security_keys();
void broken_security_relations(const Settings& settings, std::vector<std::string>& broken);

} // namespace sealstream
