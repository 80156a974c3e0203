#include "config/show.hpp"
#include "node/cli/commands.hpp"

#include <iostream>

namespace sealstream::cli {

void add_config(CLI::App& app, int& code)
{
    auto* const command =
        app.add_subcommand("config", "settings: what is in force, and what there is");
    command->require_subcommand(1);
    auto flags = std::make_shared<SettingsFlags>();
    auto* const show =
        command->add_subcommand("show", "each setting, its value, and where it came from");
    flags->add_to(*show);
    show->callback([flags, &code] {
        const auto loaded = flags->load();
        if (!loaded) {
            code = fail(loaded.error());
            return;
        }
        std::cout << show_settings(*loaded);
    });
    command->add_subcommand("reference", "all settings, as Markdown")->callback([] {
        std::cout << config_reference();
    });
}

} // namespace sealstream::cli
