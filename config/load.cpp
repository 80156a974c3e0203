#include "config/load.hpp"

#include "config/checks.hpp"
#include "config/keys.hpp"
#include "core/base/nearest_word.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace sealstream {

namespace {

constexpr std::string_view prefix = "SEALSTREAM_";

std::vector<std::string> split_list(const std::string& text)
{
    std::vector<std::string> words;
    std::istringstream input{text};
    for (std::string word; std::getline(input, word, ',');) {
        const auto begin = word.find_first_not_of(' ');
        const auto end = word.find_last_not_of(' ');
        if (begin != std::string::npos) {
            words.push_back(word.substr(begin, end - begin + 1));
        }
    }
    return words;
}

std::string unknown_key(const std::string& path)
{
    std::vector<std::string> known;
    for (const Key& key : keys()) {
        known.push_back(key.path);
    }
    const auto meant = nearest_word(path, known);
    return "unknown key " + path + (meant ? "; did you mean " + *meant + "?" : "");
}

// "HTTP__LISTEN" -> "http.listen"
std::string path_of_variable(std::string_view name)
{
    std::string path;
    for (std::size_t at = 0; at < name.size(); ++at) {
        if (name.substr(at, 2) == "__") {
            path += '.';
            ++at;
        } else {
            path += static_cast<char>(std::tolower(static_cast<unsigned char>(name[at])));
        }
    }
    return path;
}

constexpr std::string_view below_ledgers = "ledgers.";

// Of "ledgers.ops.ledger.chain" the name and the rest; empty when it is no such path.
struct LedgerPath {
    std::string name;
    std::string key;
};

LedgerPath split_ledger_path(const std::string& path)
{
    const auto dot = path.find('.', below_ledgers.size());
    if (!path.starts_with(below_ledgers) || dot == std::string::npos) {
        return {};
    }
    return {path.substr(below_ledgers.size(), dot - below_ledgers.size()), path.substr(dot + 1)};
}

bool may_differ_between_ledgers(const std::string& key)
{
    return key != "ledger.name" && (key.starts_with("ledger.") || key.starts_with("auditor.") ||
                                    key.starts_with("projector.") || key.starts_with("packs.") ||
                                    key.starts_with("snapshots."));
}

// The settings of each further ledger: those of the first, and what is its own.
void settle_other_ledgers(LoadedSettings& loaded, std::vector<std::string>& problems)
{
    Settings& settings = loaded.settings;
    const auto& names = settings.other_ledgers;
    for (const auto& [name, assignments] : loaded.of_ledgers) {
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            problems.push_back(assignments.front().origin + ": " + name +
                               " is not one of other_ledgers");
        }
    }
    for (const std::string& name : names) {
        if (name == settings.ledger.name) {
            problems.push_back("other_ledgers: " + name + " is ledger.name already");
        }
        LoadedSettings one{settings, {}, {}};
        one.settings.ledger.name = name;
        one.settings.other_ledgers.clear();
        one.settings.auditor.key_file.clear(); // a key signs one log
        one.settings.auditor.origin.clear();
        one.settings.packs.enabled.clear(); // a ledger's packs are its own
        const auto own = loaded.of_ledgers.find(name);
        if (own != loaded.of_ledgers.end()) {
            apply(own->second, one, problems);
        }
        settings.others.push_back(std::move(one.settings));
    }
}

std::string all_of(const std::vector<std::string>& problems)
{
    std::string text;
    for (const std::string& problem : problems) {
        text += (text.empty() ? "" : "\n") + problem;
    }
    return text;
}

} // namespace

std::vector<std::string> process_environment()
{
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        result.emplace_back(*entry);
    }
    return result;
}

std::vector<Assignment> read_environment(const std::vector<std::string>& environment)
{
    std::vector<Assignment> assignments;
    for (const std::string& entry : environment) {
        const auto equals = entry.find('=');
        if (!entry.starts_with(prefix) || equals == std::string::npos) {
            continue;
        }
        const std::string name = entry.substr(0, equals);
        const std::string path = path_of_variable(std::string_view{name}.substr(prefix.size()));
        // Other programs and tests have variables with our prefix too; keys have a dot or are
        // known.
        if (path.find('.') != std::string::npos || find_key(path) != nullptr) {
            assignments.push_back({path, {entry.substr(equals + 1)}, false, "environment " + name});
        }
    }
    return assignments;
}

std::vector<Assignment> read_flags(const std::vector<std::string>& flags,
                                   std::vector<std::string>& problems)
{
    std::vector<Assignment> assignments;
    for (const std::string& flag : flags) {
        const auto equals = flag.find('=');
        if (equals == std::string::npos || equals == 0) {
            problems.push_back("--set " + flag + ": must be key=value");
        } else {
            assignments.push_back(
                {flag.substr(0, equals), {flag.substr(equals + 1)}, false, "--set"});
        }
    }
    return assignments;
}

void apply(const std::vector<Assignment>& assignments, LoadedSettings& to,
           std::vector<std::string>& problems)
{
    for (const Assignment& assignment : assignments) {
        if (const auto [ledger, path] = split_ledger_path(assignment.path); !ledger.empty()) {
            if (find_key(path) != nullptr && may_differ_between_ledgers(path)) {
                to.of_ledgers[ledger].push_back(
                    {path, assignment.words, assignment.is_list, assignment.origin});
            } else {
                problems.push_back(assignment.origin + ": " + path +
                                   " can not be set for one ledger; ledger.*, auditor.* and "
                                   "projector.* can, but not ledger.name");
            }
            continue;
        }
        const Key* key = find_key(assignment.path);
        if (key == nullptr) {
            problems.push_back(assignment.origin + ": " + unknown_key(assignment.path));
            continue;
        }
        std::vector<std::string> words = assignment.words;
        if (key->is_list && !assignment.is_list) {
            words = split_list(words.empty() ? "" : words.front());
        }
        if (assignment.is_list && !key->is_list) {
            problems.push_back(assignment.origin + ": " + key->path +
                               " must be one value, no list");
            continue;
        }
        if (words.empty()) {
            problems.push_back(assignment.origin + ": " + key->path + " has no value");
            continue;
        }
        if (const auto set = key->set(to.settings, words); !set) {
            problems.push_back(assignment.origin + ": " + key->path + " " + set.error().context);
            continue;
        }
        to.origins[key->path] = assignment.origin;
    }
}

Result<LoadedSettings> load_settings(const SettingsSources& sources)
{
    LoadedSettings loaded;
    std::vector<std::string> problems;
    if (!sources.file.empty()) {
        std::ifstream input{sources.file};
        std::ostringstream text;
        text << input.rdbuf();
        if (!input) {
            return Error{Errc::not_found, "can not read " + sources.file.string()};
        }
        apply(read_yaml(text.str(), sources.file.string(), problems), loaded, problems);
    }
    apply(read_environment(sources.environment), loaded, problems);
    apply(read_flags(sources.flags, problems), loaded, problems);
    settle_other_ledgers(loaded, problems);
    for (std::string& sentence : broken_relations(loaded.settings)) {
        problems.push_back(std::move(sentence));
    }
    if (!problems.empty()) {
        return Error{Errc::malformed, all_of(problems)};
    }
    return loaded;
}

} // namespace sealstream
