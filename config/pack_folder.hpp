#pragma once

// A pack from its folder.

#include "core/packs/load_pack.hpp"

#include <filesystem>

namespace sealstream {

// Its .yaml, .sql and .json files, by their path in the folder; hidden ones are left out.
//   not_found   there is no such folder, or it has no pack.yaml
//   too_large   beyond pack_file_bytes_max or pack_files_max
[[nodiscard]] Result<PackFiles> read_pack_files(const std::filesystem::path& folder);

// All in one; what can not be read is a problem of the file that it is.
[[nodiscard]] LoadedPack load_pack_folder(const std::filesystem::path& folder);

} // namespace sealstream
