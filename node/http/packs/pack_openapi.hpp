#pragma once

// The routes of packs in the served OpenAPI document: made from what the packs declare.

#include <string>
#include <string_view>

namespace sealstream::http {

class ServedPacks;

// `document` (JSON) with an operation for each route. An operation of a path that gave way is
// replaced.
[[nodiscard]] std::string with_pack_operations(std::string_view document, const ServedPacks& packs);

} // namespace sealstream::http
