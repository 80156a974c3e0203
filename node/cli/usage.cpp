#include "node/cli/usage.hpp"

#include "core/base/nearest_word.hpp"

namespace sealstream::cli {

namespace {

const CLI::App& chosen(const CLI::App& app)
{
    const CLI::App* command = &app;
    while (!command->get_subcommands().empty()) {
        command = command->get_subcommands().front();
    }
    return *command;
}

// "sealstream policy set"
std::string full_name(const CLI::App& command)
{
    const auto* const parent = command.get_parent();
    return (parent == nullptr ? "" : full_name(*parent) + " ") + command.get_name();
}

std::vector<std::string> known_words(const CLI::App& command, bool is_option)
{
    std::vector<std::string> words;
    if (is_option) {
        for (const auto* const option : command.get_options()) {
            for (const std::string& name : option->get_lnames()) {
                words.push_back("--" + name);
            }
        }
        return words;
    }
    for (const auto* const below : command.get_subcommands({})) {
        words.push_back(below->get_name());
    }
    return words;
}

std::string meant_instead(const std::string& word, const std::vector<std::string>& known)
{
    const auto meant = nearest_word(word, known);
    return meant ? "; did you mean " + *meant + "?" : std::string{};
}

} // namespace

std::string describe_usage_error(const CLI::App& app, const CLI::ParseError& error)
{
    const CLI::App& command = chosen(app);
    const auto unknown = app.remaining(true);
    const std::string more = "\n" + full_name(command) + " --help tells more.\n";
    if (!unknown.empty()) {
        const std::string word = unknown.front().substr(0, unknown.front().find('='));
        const bool is_option = word.starts_with('-');
        const bool has_commands = !command.get_subcommands({}).empty();
        const std::string what = is_option ? "option " : has_commands ? "command " : "argument ";
        return "sealstream: " + full_name(command) + " has no " + what + word +
               meant_instead(word, known_words(command, is_option)) + more;
    }
    if (command.get_require_subcommand_min() != 0) {
        const auto* const parent = command.get_parent();
        return command.help(parent == nullptr ? "" : full_name(*parent));
    }
    return "sealstream: " + std::string{error.what()} + more;
}

} // namespace sealstream::cli
