#include "node/cli/commands.hpp"

#include "config/checks.hpp"

#include <iostream>

namespace sealstream::cli {

namespace {

int exit_code_of(Errc code)
{
    switch (code) {
    case Errc::not_found:
        return 3;
    case Errc::conflict:
        return 4;
    case Errc::unauthenticated:
    case Errc::forbidden:
    case Errc::emission_refused:
        return exit_permission;
    case Errc::overloaded:
    case Errc::unavailable:
    case Errc::projection_behind:
    case Errc::projection_missing:
    case Errc::in_progress:
    case Errc::timed_out:
    case Errc::outcome_unknown:
    case Errc::capacity:
    case Errc::shutting_down:
        return 6;
    case Errc::malformed:
    case Errc::duplicate_key:
    case Errc::invalid_utf8:
    case Errc::lone_surrogate:
    case Errc::number_out_of_range:
    case Errc::too_deep:
    case Errc::too_large:
    case Errc::bad_name:
    case Errc::key_reuse:
    case Errc::refused:
    case Errc::precondition_required:
    case Errc::schema_violation:
    case Errc::schema_incompatible:
        return exit_rejected;
    case Errc::corrupt:
        return exit_tampered;
    case Errc::unsupported:
    case Errc::internal:
    case Errc::proof_too_short:
    case Errc::proof_too_long:
    case Errc::bad_signature:
    case Errc::untrusted_key:
        return exit_unexpected;
    }
    return exit_unexpected;
}

} // namespace

void SettingsFlags::add_to(CLI::App& command)
{
    command.add_option("--config", file, "settings file (YAML); see config/README.md")
        ->check(CLI::ExistingFile);
    command.add_option("--set", set, "one setting, key=value; may be repeated");
}

void SettingsFlags::add_ledger_to(CLI::App& command)
{
    command.add_option("--ledger", ledger, "one of other_ledgers; default: ledger.name");
}

void SettingsFlags::add_timeout_to(CLI::App& command)
{
    command.add_option("--timeout", timeout_seconds, "seconds to wait for the stores to answer")
        ->check(CLI::Range(0.1, 3600.0))
        ->capture_default_str();
}

std::chrono::milliseconds SettingsFlags::timeout() const
{
    return std::chrono::milliseconds{static_cast<std::int64_t>(timeout_seconds * 1'000)};
}

Result<LoadedSettings> SettingsFlags::load() const
{
    SettingsSources sources;
    sources.file = file;
    sources.environment = process_environment();
    sources.flags = set;
    auto loaded = load_settings(sources);
    if (loaded) {
        set_log_level(loaded->settings.log.level);
    }
    if (!loaded || ledger.empty() || ledger == loaded->settings.ledger.name) {
        return loaded;
    }
    for (const Settings& other : loaded->settings.others) {
        if (other.ledger.name == ledger) {
            loaded->settings = Settings{other};
            return loaded;
        }
    }
    return Error{Errc::not_found, "no ledger " + ledger + " is configured; the settings name " +
                                      loaded->settings.ledger.name + " and other_ledgers=" +
                                      joined(loaded->settings.other_ledgers)};
}

int fail(const Error& error)
{
    // The table's titles and remedies speak to clients of the HTTP API; here the context says more.
    const std::string_view what = error.context.empty() ? info(error.code).title : error.context;
    std::cerr << "sealstream: " << what << " [" << name(error.code) << "]" << std::endl;
    return exit_code_of(error.code);
}

} // namespace sealstream::cli
