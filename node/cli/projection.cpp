#include "config/load_packs.hpp"
#include "core/packs/pack_retention.hpp"
#include "core/retention/payload_log.hpp"
#include "node/cli/commands.hpp"
#include "node/cli/progress.hpp"
#include "node/wiring.hpp"
#include "postgres/retention/postgres_payload_keys.hpp"
#include "postgres/retention/wrapping_key_file.hpp"
#include "projections/rebuild.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <prometheus/registry.h>

#include <iostream>

namespace sealstream::cli {

namespace {

struct RebuildFlags {
    SettingsFlags settings;
    bool is_json{false};
};

void print_rebuild(const RebuildReport& report, bool is_json)
{
    boost::json::array different;
    for (const std::string& table : report.different_tables) {
        different.push_back(boost::json::string_view{table});
    }
    if (is_json) {
        const boost::json::object object{{"version", report.version},
                                         {"cursor", std::to_string(report.cursor.value)},
                                         {"was_active", report.was_active},
                                         {"is_equal", report.is_equal},
                                         {"different_tables", different}};
        std::cout << boost::json::serialize(object) << std::endl;
        return;
    }
    const auto ms = [](std::chrono::nanoseconds time) {
        return grouped(static_cast<std::uint64_t>(time.count() / 1'000'000)) + " ms";
    };
    std::cout << "event_index version " << report.version << " stands at position "
              << grouped(report.cursor.value) << ", built in " << ms(report.total)
              << "; swapped in " << ms(report.swap) << "\n"
              << (!report.was_active ? "there was none before"
                  : report.is_equal  ? "equal to the version it replaces"
                                     : "DIFFERENT from the version it replaces")
              << std::endl;
}

// The log as projectors read it: payloads in clear, or gone.
struct ReadableLog {
    std::unique_ptr<PostgresPayloadKeys> keys;
    std::unique_ptr<PayloadLog> log; // null: as it is stored
};

Result<ReadableLog> readable_log(const ToolParts& parts, const Settings& settings)
{
    ReadableLog made;
    if (settings.retention.key_file.empty()) {
        return made;
    }
    SEAL_TRY(key, load_wrapping_key(settings.retention.key_file));
    SEAL_TRY(packs, load_packs(settings));
    made.keys = std::make_unique<PostgresPayloadKeys>(settings.ledger.name, key, *parts.pool,
                                                      parts.threads);
    const std::shared_ptr<EventLog> stored{&parts.log, [](EventLog*) {}};
    made.log = std::make_unique<PayloadLog>(
        stored, *made.keys, parts.clock,
        std::make_shared<const RetentionRules>(retention_rules(packs)), PayloadReaderOptions{});
    return made;
}

Task<Result<int>> rebuild(ToolParts parts, Settings settings, bool is_json)
{
    if (parts.pool == nullptr) {
        co_return Error{Errc::malformed, "a rebuild needs postgres.uri or postgres.host"};
    }
    SEAL_CO_TRY(readable, readable_log(parts, settings));
    EventLog& log = readable.log != nullptr ? *readable.log : parts.log;
    prometheus::Registry registry;
    ProjectorMetrics metrics{registry};
    FoldFaults no_faults;
    FoldContext context{log,         *parts.pool,        parts.threads,
                        parts.clock, parts.stop,         metrics,
                        &no_faults,  ProjectorOptions{}, {event_index_projection()}};
    auto progress = std::make_shared<Progress>("rebuilding");
    std::function<void(const RebuildProgress&)> on_progress =
        [progress](const RebuildProgress& now) {
            progress->show(now.folded.value, now.head.value);
        };
    const RebuildOptions options;
    auto built = co_await rebuild_projection(std::move(context), options, std::move(on_progress));
    progress->clear();
    if (!built) {
        co_return built.error();
    }
    print_rebuild(*built, is_json);
    co_return built->is_equal ? exit_ok : exit_tampered;
}

} // namespace

void add_projection(CLI::App& app, int& code)
{
    auto* const command = app.add_subcommand("projection", "read models");
    command->require_subcommand(1);
    add_projection_orders(*command, code);
    add_restore(*command, code);
    auto flags = std::make_shared<RebuildFlags>();
    auto* const build = command->add_subcommand(
        "rebuild", "fold the event index anew beside the active one, compare, and swap");
    flags->settings.add_to(*build);
    flags->settings.add_ledger_to(*build);
    flags->settings.add_timeout_to(*build);
    build->add_flag("--json", flags->is_json, "one JSON object");
    build->callback([flags, &code] {
        const auto loaded = flags->settings.load();
        if (!loaded) {
            code = fail(loaded.error());
            return;
        }
        const auto ended =
            run_tool(loaded->settings, flags->settings.timeout(),
                     [settings = loaded->settings, is_json = flags->is_json](ToolParts parts) {
                         return rebuild(parts, settings, is_json);
                     });
        code = ended ? *ended : fail(ended.error());
    });
}

} // namespace sealstream::cli
