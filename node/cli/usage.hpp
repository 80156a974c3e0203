#pragma once

// What a command line says that it does not understand.

#include <CLI/CLI.hpp>

#include <string>

namespace sealstream::cli {

// Names the word that is wrong and the one that was probably meant; the help of a command that was
// given no command below it.
[[nodiscard]] std::string describe_usage_error(const CLI::App& app, const CLI::ParseError& error);

} // namespace sealstream::cli
