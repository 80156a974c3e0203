#pragma once

// Settings for people: the reference of all keys, and what is in force and why.

#include "config/load.hpp"

#include <string>

namespace sealstream {

// Markdown: one table row for each key. config/README.md holds it; a test compares the two.
[[nodiscard]] std::string config_reference();

// One line for each key: "http.listen = 127.0.0.1:0  (default)". Holds no secret: there are only
// file names.
[[nodiscard]] std::string show_settings(const LoadedSettings& loaded);

} // namespace sealstream
