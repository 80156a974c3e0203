#pragma once

#include <string_view>

namespace sealstream {

inline constexpr std::string_view version_text = SEALSTREAM_VERSION;

} // namespace sealstream
