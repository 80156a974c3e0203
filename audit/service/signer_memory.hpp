#pragma once

// One small file that is replaced whole, and durably.

#include "core/base/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace sealstream {

// Empty when there is no file.
//   unavailable   it can not be read
[[nodiscard]] Result<std::string> load_note(const std::filesystem::path& path);

// After success the file holds exactly `note`, also after a power cut.
//   unavailable   it can not be written; the old content stays
[[nodiscard]] Result<void> save_note(const std::filesystem::path& path, std::string_view note);

} // namespace sealstream
