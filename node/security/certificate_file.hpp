#pragma once

// What a certificate in a file says about itself.

#include "core/base/result.hpp"

#include <filesystem>

namespace sealstream::security {

// When the first certificate of a PEM file expires, in Unix seconds.
//   not_found, malformed
[[nodiscard]] Result<std::int64_t> certificate_expiry(const std::filesystem::path& file);

} // namespace sealstream::security
