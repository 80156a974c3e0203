#pragma once

// Whole steps on files, on disk when they return. Blocking.
//   unavailable   the disk or the folder does not do it; the context names the file

#include "core/base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace sealstream {

[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path);
[[nodiscard]] Result<void> append_to_file(const std::filesystem::path& path,
                                          const std::string& text);
// The old content or the new, whenever the machine stops.
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& path, const std::string& text);
//   corrupt   it is shorter already
[[nodiscard]] Result<void> cut_file(const std::filesystem::path& path, std::uint64_t bytes);
// Makes `to`, a gzip of `from`; its size.
[[nodiscard]] Result<std::uint64_t> compress_file(const std::filesystem::path& from,
                                                  const std::filesystem::path& to);

} // namespace sealstream
