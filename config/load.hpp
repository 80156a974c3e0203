#pragma once

// Settings from four places, the later wins: defaults, the file, the environment, flags.
//
//   environment   SEALSTREAM_HTTP__LISTEN=…  is http.listen; a name without "__" only for keys
//   without a dot flags         --set http.listen=…        as "http.listen=…"
// ledgers.{name}.{key} sets a key of one of `other_ledgers`, which otherwise has the same settings
// as the first: ledgers.ops.ledger.chain, ledgers.ops.auditor.key_file. Every problem is found in
// one go: unknown keys (with what was probably meant), wrong types, broken bounds and relations,
// each with its place.

#include "config/settings.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

// One value from one place.
struct Assignment {
    std::string path;
    std::vector<std::string> words;
    bool is_list{false};
    std::string origin; // "sealstream.yaml:3", "environment SEALSTREAM_…", "--set"
};

struct SettingsSources {
    std::filesystem::path file{};           // empty: none
    std::vector<std::string> environment{}; // NAME=value; process_environment()
    std::vector<std::string> flags{};       // path=value
};

struct LoadedSettings {
    Settings settings;
    std::map<std::string, std::string> origins; // of each key that is not at its default
    std::map<std::string, std::vector<Assignment>> of_ledgers; // ledgers.{name}.{key}
};

//   not_found   there is no such file
//   malformed   the context has one line for each problem
[[nodiscard]] Result<LoadedSettings> load_settings(const SettingsSources& sources);

[[nodiscard]] std::vector<std::string> process_environment();

// The parts, pure. Each adds to `problems` what it could not read.
[[nodiscard]] std::vector<Assignment> read_yaml(const std::string& text,
                                                const std::string& file_name,
                                                std::vector<std::string>& problems);
[[nodiscard]] std::vector<Assignment> read_environment(const std::vector<std::string>& environment);
[[nodiscard]] std::vector<Assignment> read_flags(const std::vector<std::string>& flags,
                                                 std::vector<std::string>& problems);
void apply(const std::vector<Assignment>& assignments, LoadedSettings& to,
           std::vector<std::string>& problems);

} // namespace sealstream
