#include "tests/support/source_files.hpp"

#include "core/base/check.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace sealstream::testing {

std::string source_path(std::string_view path)
{
    const char* const root = std::getenv("SEALSTREAM_SOURCE_DIR");
    return (root != nullptr ? std::string{root} + "/" : std::string{}) + std::string{path};
}

std::string read_source_file(std::string_view path)
{
    std::ifstream file{source_path(path), std::ios::binary};
    SEAL_CHECK(file.good(), "run from the repository root, or set SEALSTREAM_SOURCE_DIR");
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

} // namespace sealstream::testing
