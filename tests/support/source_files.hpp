#pragma once

// Files of the source tree: vectors, documents.

#include <string>
#include <string_view>

namespace sealstream::testing {

// `path` from the repository root (SEALSTREAM_SOURCE_DIR, else the working directory).
[[nodiscard]] std::string source_path(std::string_view path);

// The whole file; stops the test process when it can not be read.
[[nodiscard]] std::string read_source_file(std::string_view path);

} // namespace sealstream::testing
