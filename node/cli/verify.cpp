#include "audit/service/verify_ledger.hpp"
#include "node/cli/commands.hpp"
#include "node/cli/progress.hpp"
#include "node/cli/report.hpp"
#include "node/wiring.hpp"

#include <iostream>

namespace sealstream::cli {

namespace {

struct VerifyFlags {
    SettingsFlags settings;
    std::vector<std::string> keys;
    std::vector<VerifierKey> trusted; // the same, parsed
    bool is_json{false};
};

Task<Result<int>> verify(ToolParts parts, std::shared_ptr<VerifyFlags> flags)
{
    VerifyOptions options;
    options.trusted = flags->trusted;
    options.now = parts.clock.wall();
    const auto began = std::chrono::steady_clock::now();
    auto progress = std::make_shared<Progress>("verifying");
    options.on_progress = [progress](const VerifyProgress& now) {
        progress->show(now.position.value, now.head.value);
    };
    const VerifyReport report = co_await verify_ledger(parts.log, parts.audit, std::move(options));
    progress->clear();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
    std::cout << (flags->is_json ? to_json(report) + "\n" : to_text(report, seconds.count()))
              << std::flush;
    co_return exit_code(report.verdict);
}

} // namespace

void add_verify(CLI::App& app, int& code)
{
    auto* const command = app.add_subcommand(
        "verify", "verify the whole ledger: every stored byte against the signed tree");
    auto flags = std::make_shared<VerifyFlags>();
    flags->settings.add_to(*command);
    flags->settings.add_ledger_to(*command);
    flags->settings.add_timeout_to(*command);
    command
        ->add_option(
            "--key", flags->keys,
            "verifier key to trust; pin it, never take it from the server. May be repeated")
        ->required();
    command->add_flag("--json", flags->is_json, "one JSON object");
    command->callback([flags, &code] {
        const auto loaded = flags->settings.load();
        if (!loaded) {
            code = fail(loaded.error());
            return;
        }
        for (const std::string& text : flags->keys) {
            auto key = VerifierKey::parse(text);
            if (!key) {
                code = fail(with_context(key.error(), "--key " + text));
                return;
            }
            flags->trusted.push_back(*std::move(key));
        }
        set_log_level(std::max(loaded->settings.log.level, Level::error));
        const auto ended = run_tool(loaded->settings, flags->settings.timeout(),
                                    [flags](ToolParts parts) { return verify(parts, flags); });
        if (ended) {
            code = *ended;
        } else if (ended.error().code == Errc::corrupt) {
            code = fail(ended.error());
        } else {
            static_cast<void>(fail(ended.error()));
            code = exit_undecided;
        }
    });
}

} // namespace sealstream::cli
