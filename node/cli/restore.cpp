// sealstream projection restore: the read models of a whole ledger at one position, beside the live
// ones or in their place.

#include "node/cli/commands.hpp"
#include "node/cli/progress.hpp"
#include "node/cli/replay_report.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <iostream>

namespace sealstream::cli {

namespace {

struct RestoreFlags {
    SettingsFlags settings;
    std::string at;
    bool is_swapped{false};
    bool is_paused{false};
    bool is_dropping{false};
    bool is_json{false};
};
using RestoreFlagsPtr = std::shared_ptr<RestoreFlags>;

void print_past(const PastVersion& past, bool is_json)
{
    if (is_json) {
        const boost::json::object object{{"projection", past.projection},
                                         {"version", past.version},
                                         {"position", std::to_string(past.position.value)},
                                         {"from", std::to_string(past.base.value)},
                                         {"schema", past.schema_name}};
        std::cout << boost::json::serialize(object) << std::endl;
        return;
    }
    std::cout << past.projection << ": version " << past.version << " at position "
              << grouped(past.position.value) << " in schema " << past.schema_name << std::endl;
}

Task<Result<int>> drop_all(ToolParts parts, std::string ledger)
{
    auto drop = [&ledger](Connection& connection) -> Result<std::size_t> {
        SEAL_TRY(kept, read_kept_past(connection, ledger));
        std::size_t dropped = 0;
        for (const PastVersion& past : kept) {
            SEAL_TRY(is_dropped, drop_past(connection, ledger, past.projection, past.version));
            dropped += is_dropped ? 1 : 0;
        }
        return dropped;
    };
    SEAL_CO_TRY(dropped, co_await with_connection(parts.threads, *parts.pool, std::move(drop)));
    std::cout << "dropped " << dropped << " restored versions" << std::endl;
    co_return exit_ok;
}

Task<Result<int>> restore(ToolParts parts, std::string ledger, RestoreFlagsPtr flags)
{
    if (parts.pool == nullptr) {
        co_return Error{Errc::malformed, "restoring needs postgres.uri or postgres.host"};
    }
    if (flags->is_dropping) {
        co_return co_await drop_all(parts, std::move(ledger));
    }
    if (flags->at.empty()) {
        co_return Error{Errc::malformed, "restore to where? --at POSITION or a time"};
    }
    auto text = flags->at;
    SEAL_CO_TRY(at, co_await place_in_log(parts.log, std::move(text)));
    auto read = [&ledger](Connection& connection) {
        return read_definitions(connection, ledger, "");
    };
    SEAL_CO_TRY(defined, co_await with_connection(parts.threads, *parts.pool, std::move(read)));
    ToolFolds folds{parts};
    PastOptions options;
    options.at = at;
    options.is_kept = true;
    std::vector<PastVersion> made;
    bool is_sound = true;
    for (const Defined& one : defined) {
        auto progress = std::make_shared<Progress>("restoring " + one.fold.name);
        auto context = folds.context(ledger, [progress, at](Position folded, Position) {
            progress->show(folded.value, std::max(folded.value, at.value));
        });
        auto definition = one;
        auto built = co_await build_past(std::move(context), std::move(definition), options);
        progress->clear();
        if (!built) {
            co_return with_context(built.error(), "restoring " + one.fold.name);
        }
        for (const std::string& refused : built->refused) {
            std::cerr << "sealstream: REFUSED " << refused << std::endl;
            is_sound = false;
        }
        print_past(built->past, flags->is_json);
        made.push_back(built->past);
    }
    if (flags->is_swapped) {
        auto swap = [&ledger, &made, &flags](Connection& connection) {
            return swap_in_past(connection, ledger, made, flags->is_paused);
        };
        SEAL_CO_TRY_VOID(co_await with_connection(parts.threads, *parts.pool, std::move(swap)));
        if (!flags->is_json) {
            std::cout << "swapped in; "
                      << (flags->is_paused ? "paused there until they are resumed"
                                           : "projectors fold on from there")
                      << std::endl;
        }
    }
    co_return is_sound ? exit_ok : exit_tampered;
}

} // namespace

void add_restore(CLI::App& command, int& code)
{
    auto flags = std::make_shared<RestoreFlags>();
    auto* const made = command.add_subcommand(
        "restore", "build all read models of a ledger as they were at one position");
    flags->settings.add_to(*made);
    flags->settings.add_ledger_to(*made);
    flags->settings.add_timeout_to(*made);
    made->add_option("--at", flags->at, "a position, or a time (RFC 3339)");
    auto* const swap = made->add_flag("--swap", flags->is_swapped,
                                      "make them the live ones, all at once; those before stay "
                                      "for `projection rollback`");
    made->add_flag("--pause", flags->is_paused, "and do not fold on until they are resumed")
        ->needs(swap);
    made->add_flag("--drop", flags->is_dropping, "drop what was restored and not swapped in");
    made->add_flag("--json", flags->is_json, "one JSON object for each projection");
    made->callback([flags, &code] {
        const auto loaded = flags->settings.load();
        if (!loaded) {
            code = fail(loaded.error());
            return;
        }
        const auto ended = run_tool(loaded->settings, flags->settings.timeout(),
                                    [flags, ledger = loaded->settings.ledger.name](
                                        ToolParts parts) { return restore(parts, ledger, flags); });
        code = ended ? *ended : fail(ended.error());
    });
}

} // namespace sealstream::cli
