#include "node/cli/commands.hpp"
#include "node/wiring.hpp"

namespace sealstream::cli {

void add_serve(CLI::App& app, int& code)
{
    auto* const command = app.add_subcommand("serve", "run the roles that the settings name");
    auto flags = std::make_shared<SettingsFlags>();
    flags->add_to(*command);
    command->callback([flags, &code] {
        const auto loaded = flags->load();
        if (!loaded) {
            code = fail(loaded.error());
            return;
        }
        const auto ended = run_process(loaded->settings, {});
        code = ended ? exit_ok : fail(ended.error());
    });
}

} // namespace sealstream::cli
