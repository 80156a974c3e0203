// sealstream replay: folds the log into fresh tables beside the live ones, and says whether both
// are equal.

#include "node/cli/commands.hpp"
#include "node/cli/progress.hpp"
#include "node/cli/replay_report.hpp"

#include <algorithm>
#include <iostream>

namespace sealstream::cli {

namespace {

struct ReplayFlags {
    SettingsFlags settings;
    std::string projection;
    std::string from_snapshot;
    std::string to;
    std::string until;
    bool is_kept{false};
    bool is_json{false};
};
using ReplayFlagsPtr = std::shared_ptr<ReplayFlags>;

Result<ReplayOptions> options_of(const ReplayFlags& flags)
{
    ReplayOptions options;
    options.is_kept = flags.is_kept;
    if (flags.from_snapshot == "none") {
        options.has_snapshots = false;
    } else if (!flags.from_snapshot.empty()) {
        const std::string& text = flags.from_snapshot;
        const bool is_number = std::all_of(
            text.begin(), text.end(), [](char letter) { return letter >= '0' && letter <= '9'; });
        if (!is_number || text.size() > 18) {
            return Error{Errc::malformed, "--from-snapshot is a position, or none"};
        }
        options.snapshot = Position{std::stoull(text)};
    }
    return options;
}

Task<Result<int>> replay(ToolParts parts, std::string ledger, ReplayFlagsPtr flags)
{
    if (parts.pool == nullptr) {
        co_return Error{Errc::malformed, "a replay needs postgres.uri or postgres.host"};
    }
    SEAL_CO_TRY(options, options_of(*flags));
    const std::string place = flags->to.empty() ? flags->until : flags->to;
    if (!place.empty()) {
        auto text = place;
        SEAL_CO_TRY(to, co_await place_in_log(parts.log, std::move(text)));
        options.to = to;
    }
    auto read = [&ledger, &flags](Connection& connection) {
        return read_definitions(connection, ledger, flags->projection);
    };
    SEAL_CO_TRY(defined, co_await with_connection(parts.threads, *parts.pool, std::move(read)));
    ToolFolds folds{parts};
    bool is_sound = true;
    for (const Defined& one : defined) {
        auto progress = std::make_shared<Progress>("replaying " + one.fold.name);
        const std::uint64_t to = options.to.value_or(one.version.cursor).value;
        auto context = folds.context(ledger, [progress, to](Position folded, Position) {
            progress->show(folded.value, std::max(folded.value, to));
        });
        auto definition = one;
        auto report =
            co_await replay_projection(std::move(context), std::move(definition), options);
        progress->clear();
        if (!report) {
            co_return report.error();
        }
        std::cout << (flags->is_json ? report_json(*report) + "\n" : report_text(*report));
        std::cout.flush();
        is_sound = is_sound && report->is_equal && report->refused.empty();
    }
    co_return is_sound ? exit_ok : exit_tampered;
}

} // namespace

void add_replay(CLI::App& app, int& code)
{
    auto flags = std::make_shared<ReplayFlags>();
    auto* const command = app.add_subcommand(
        "replay", "fold the log into fresh tables, and compare them with the live ones");
    flags->settings.add_to(*command);
    flags->settings.add_ledger_to(*command);
    flags->settings.add_timeout_to(*command);
    command->add_option("--projection", flags->projection, "only this one");
    command->add_option("--from-snapshot", flags->from_snapshot,
                        "begin with the one at this position; none: with the first event; "
                        "default: with the nearest");
    auto* const to = command->add_option("--to", flags->to,
                                         "up to this position; default: where the live tables are");
    command->add_option("--until", flags->until, "up to what was ingested by this time (RFC 3339)")
        ->excludes(to);
    command->add_flag("--keep", flags->is_kept,
                      "keep the tables; `projection restore --drop` drops them");
    command->add_flag("--json", flags->is_json, "one JSON object for each projection");
    command->footer("Exit codes: 0 equal, or there was nothing to compare with; 10 different, or "
                    "a snapshot\nis not what was sealed; 3 no such projection or snapshot.");
    command->callback([flags, &code] {
        const auto loaded = flags->settings.load();
        if (!loaded) {
            code = fail(loaded.error());
            return;
        }
        const auto ended = run_tool(loaded->settings, flags->settings.timeout(),
                                    [flags, ledger = loaded->settings.ledger.name](
                                        ToolParts parts) { return replay(parts, ledger, flags); });
        code = ended ? *ended : fail(ended.error());
    });
}

} // namespace sealstream::cli
