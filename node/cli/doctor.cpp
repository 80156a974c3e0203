// sealstream doctor: looks at the stores that the settings name, and says what is wrong and what to
// do. Exit code 0 when nothing fails (warnings may be there), 12 when something does, 6 when the
// stores do not answer.

#include "jetstream/monitor_page.hpp"
#include "node/cli/commands.hpp"
#include "node/cli/doctor_checks.hpp"
#include "node/wiring.hpp"

#include <iostream>

namespace sealstream::cli {

namespace {

constexpr std::chrono::seconds health_timeout{2}; // of one server

struct DoctorFlags {
    SettingsFlags settings;
    std::vector<std::string> monitor_urls{}; // of the nats-servers
    bool is_json{false};
    bool is_claimed_synced{false};
};

Task<Result<int>> examine(ToolParts parts, std::shared_ptr<DoctorFlags> flags)
{
    // That the log could be opened says that the servers are new enough and the streams as they
    // must be.
    const auto head = co_await parts.log.head();
    if (!head) {
        co_return head.error();
    }
    std::vector<CheckFinding> findings;
    findings.push_back(
        {"log",
         CheckVerdict::ok,
         "reachable, its settings are as they must be, head " + std::to_string(head->value) + ".",
         {}});
    findings.push_back(check_durability(parts.log.durability(), flags->is_claimed_synced));
    const auto home = co_await boost::asio::this_coro::executor;
    for (const std::string& url : flags->monitor_urls) {
        const auto health = co_await jetstream::read_server_health(url, home, health_timeout);
        findings.push_back(check_server(url, health));
    }
    std::cout << (flags->is_json ? to_json(findings) + "\n" : to_text(findings)) << std::flush;
    co_return worst(findings) == CheckVerdict::fail ? exit_findings : exit_ok;
}

} // namespace

void add_doctor(CLI::App& app, int& code)
{
    auto* const command =
        app.add_subcommand("doctor", "say what is wrong with the setup, and what to do");
    auto flags = std::make_shared<DoctorFlags>();
    flags->settings.add_to(*command);
    flags->settings.add_ledger_to(*command);
    flags->settings.add_timeout_to(*command);
    command->add_flag("--json", flags->is_json, "one JSON object");
    command->callback([flags, &code] {
        const auto loaded = flags->settings.load();
        if (!loaded) {
            code = fail(loaded.error());
            return;
        }
        flags->is_claimed_synced = loaded->settings.event_log.is_synced;
        if (loaded->settings.profile == Profile::cluster) {
            flags->monitor_urls =
                jetstream::split_monitor_urls(loaded->settings.event_log.monitor_urls);
        }
        set_log_level(std::max(loaded->settings.log.level, Level::error));
        const auto ended = run_tool(loaded->settings, flags->settings.timeout(),
                                    [flags](ToolParts parts) { return examine(parts, flags); });
        code = ended ? *ended : fail(ended.error());
    });
}

} // namespace sealstream::cli
