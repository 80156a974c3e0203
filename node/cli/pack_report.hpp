#pragma once

// What `sealstream pack …` says, for people and for programs.

#include "core/packs/load_pack.hpp"
#include "core/packs/pack_diff.hpp"

#include <string>

namespace sealstream::cli {

// One line each, then one that counts; `folder` stands before the files.
[[nodiscard]] std::string to_text(const LoadedPack& loaded, const std::string& folder);
[[nodiscard]] std::string to_json(const LoadedPack& loaded, const std::string& folder);

[[nodiscard]] std::string to_text(const PackDiff& diff);
[[nodiscard]] std::string to_json(const PackDiff& diff);

} // namespace sealstream::cli
