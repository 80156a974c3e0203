#pragma once

// Secrets on disk: a file of one line that its owner alone may read. Blocking.

#include "core/base/result.hpp"

#include <filesystem>
#include <string>

namespace sealstream {

// Without the end of its line; at most 4 KiB of it.
//   not_found     there is no such file
//   forbidden     it may not be read, or others than its owner may use it (mode 0600 or less is
//                 demanded)
//   unavailable   it can not be read
[[nodiscard]] Result<std::string> load_private_line(const std::filesystem::path& path);

// Makes a new file of mode 0600, on disk when this returns; never overwrites one.
//   conflict      there is a file already
//   unavailable   it can not be written
[[nodiscard]] Result<void> save_private_line(const std::string& line,
                                             const std::filesystem::path& path);

} // namespace sealstream
