#pragma once

// YAML (and JSON, which is YAML) with the place of everything, bounded: no aliases, which could
// make a small file huge.

#include "core/packs/document.hpp"

namespace sealstream {

inline constexpr std::size_t document_nodes_max = 20'000;
inline constexpr std::size_t document_depth_max = 64;

// A ParseDocument. An empty text is a null.
[[nodiscard]] std::optional<DocumentNode>
parse_yaml_document(const std::string& text, const std::string& file, PackProblems& problems);

} // namespace sealstream
