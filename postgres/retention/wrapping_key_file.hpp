#pragma once

// The wrapping key on disk: one line, readable by its owner alone. Blocking.

#include "core/retention/wrapping_key.hpp"

#include <filesystem>

namespace sealstream {

//   not_found    no such file
//   forbidden    it may not be read, or others may use it: chmod 600
//   malformed    it holds something else
[[nodiscard]] Result<WrappingKey> load_wrapping_key(const std::filesystem::path& path);

//   conflict      the file exists already
//   unavailable   it can not be written
[[nodiscard]] Result<void> save_wrapping_key(const WrappingKey& key,
                                             const std::filesystem::path& path);

} // namespace sealstream
