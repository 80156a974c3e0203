#pragma once

// A text file that was compiled in (cmake/embed.cmake).

#include <span>
#include <string_view>

namespace sealstream {

struct EmbeddedFile {
    std::string_view name; // without folder
    std::string_view text;
};

} // namespace sealstream
