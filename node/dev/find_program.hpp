#pragma once

// Finding the servers that we start.

#include <filesystem>
#include <optional>
#include <string>

namespace sealstream {

// The absolute path of a program given by path, or by name on PATH.
[[nodiscard]] std::optional<std::filesystem::path> find_program(const std::string& name);

// The folder with initdb and postgres of that major version (0: the newest), where Debian has them,
// else on PATH.
[[nodiscard]] std::optional<std::filesystem::path> find_postgres_folder(int major = 0);

} // namespace sealstream
