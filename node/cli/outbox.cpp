// sealstream outbox status|parked|retry: what applications have appended in SQL, on its way into
// the log.

#include "node/cli/commands.hpp"
#include "node/wiring.hpp"
#include "postgres/outbox/outbox_statements.hpp"
#include "postgres/pool.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>
#include <iostream>

namespace sealstream::cli {

namespace {

constexpr std::size_t parked_shown_max = 1'000;

struct OutboxFlags {
    SettingsFlags settings;
    std::int64_t commit{0}; // 0: all
};

using OutboxWork = Result<int> (*)(Connection&, const std::string& ledger, const OutboxFlags&);

Result<int> show_status(Connection& connection, const std::string& ledger, const OutboxFlags&)
{
    SEAL_TRY(lag, read_lag(connection, ledger));
    const boost::json::object status{{"waiting_transactions", lag.waiting_transactions},
                                     {"waiting_events", lag.waiting_events},
                                     {"oldest_seconds", std::llround(lag.oldest_seconds)},
                                     {"parked_transactions", lag.parked_transactions}};
    std::cout << boost::json::serialize(status) << std::endl;
    return exit_ok;
}

Result<int> show_parked(Connection& connection, const std::string& ledger, const OutboxFlags&)
{
    SEAL_TRY(parked, read_parked(connection, ledger, parked_shown_max));
    for (const ParkedTransaction& one : parked) {
        const boost::json::object line{{"commit", std::to_string(one.commit_number)},
                                       {"txid", one.txid},
                                       {"events", one.events},
                                       {"committed_at", one.committed_at},
                                       {"parked_at", one.parked_at},
                                       {"reason", one.reason}};
        std::cout << boost::json::serialize(line) << "\n";
    }
    std::cout.flush();
    return exit_ok;
}

Result<int> retry_refused(Connection& connection, const std::string& ledger,
                          const OutboxFlags& flags)
{
    const auto which = flags.commit == 0 ? std::nullopt : std::optional{flags.commit};
    SEAL_TRY(freed, retry_parked(connection, ledger, which));
    if (freed == 0 && which) {
        return Error{Errc::not_found, "no parked transaction has this commit number"};
    }
    std::cout << freed << " transactions will be tried again" << std::endl;
    return exit_ok;
}

Task<Result<int>> with_pool(ToolParts parts, std::string ledger, std::shared_ptr<OutboxFlags> flags,
                            OutboxWork work)
{
    if (parts.pool == nullptr) {
        co_return Error{Errc::malformed, "an outbox needs postgres.uri or postgres.host"};
    }
    auto job = [ledger = std::move(ledger), flags = std::move(flags),
                work](Connection& connection) { return work(connection, ledger, *flags); };
    auto ended = co_await with_connection(parts.threads, *parts.pool, std::move(job));
    co_return ended;
}

CLI::App* add_order(CLI::App& outbox, const char* name, const char* help,
                    const std::shared_ptr<OutboxFlags>& flags, OutboxWork work, int& code)
{
    auto* const command = outbox.add_subcommand(name, help);
    flags->settings.add_to(*command);
    flags->settings.add_ledger_to(*command);
    flags->settings.add_timeout_to(*command);
    command->callback([flags, work, &code] {
        const auto loaded = flags->settings.load();
        if (!loaded) {
            code = fail(loaded.error());
            return;
        }
        const std::string ledger = loaded->settings.ledger.name;
        const auto ended = run_tool(loaded->settings, flags->settings.timeout(),
                                    [flags, work, ledger](ToolParts parts) {
                                        return with_pool(parts, ledger, flags, work);
                                    });
        code = ended ? *ended : fail(ended.error());
    });
    return command;
}

} // namespace

void add_outbox(CLI::App& app, int& code)
{
    auto* const command =
        app.add_subcommand("outbox", "events that applications have appended in SQL");
    command->require_subcommand(1);
    add_order(*command, "status", "how many wait, and how long", std::make_shared<OutboxFlags>(),
              &show_status, code);
    add_order(*command, "parked", "transactions that the log refuses, one JSON object a line",
              std::make_shared<OutboxFlags>(), &show_parked, code);
    auto flags = std::make_shared<OutboxFlags>();
    add_order(*command, "retry", "try parked transactions again", flags, &retry_refused, code)
        ->add_option("--commit", flags->commit, "only this one, by its commit number")
        ->check(CLI::PositiveNumber);
}

} // namespace sealstream::cli
