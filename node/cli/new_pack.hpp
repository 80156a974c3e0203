#pragma once

// A small pack to begin with.

#include "core/base/result.hpp"

#include <filesystem>

namespace sealstream::cli {

// Makes the folder, whose last part is the pack's name, and gives its path.
//   bad_name    it is no name of a pack
//   conflict    there is something at that place
//   forbidden   it can not be written
[[nodiscard]] Result<std::string> make_new_pack(const std::filesystem::path& folder);

} // namespace sealstream::cli
