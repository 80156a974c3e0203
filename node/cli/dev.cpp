#include "audit/service/auditor.hpp"
#include "audit/service/key_file.hpp"
#include "audit/service/verify_ledger.hpp"
#include "core/async/notifier.hpp"
#include "core/base/log.hpp"
#include "node/cli/commands.hpp"
#include "node/cli/progress.hpp"
#include "node/cli/report.hpp"
#include "node/dev/dev_nats.hpp"
#include "node/dev/dev_postgres.hpp"
#include "node/dev/folder_lock.hpp"
#include "node/dev/import/machine_history.hpp"
#include "node/wiring.hpp"
#include "postgres/retention/wrapping_key_file.hpp"

#include <iostream>

namespace sealstream::cli {

namespace {

namespace fs = std::filesystem;
using Seconds = std::chrono::duration<double>;

constexpr std::chrono::milliseconds dev_look_interval{50};
constexpr std::chrono::seconds catch_up_longest{300};
constexpr std::chrono::milliseconds pack_watch_interval{500}; // edits take effect while it runs
constexpr std::size_t import_batch_events = 500;
constexpr std::string_view dev_origin = "sealstream.dev/main";

struct DevFlags {
    SettingsFlags settings;
    fs::path data{".data/dev"};
    fs::path checkout{};
    bool is_once{false};
    bool is_lazy{false};
};

struct Measured {
    std::uint64_t appended{0};
    std::uint64_t repeated{0};
    double append_seconds{0};
    double fold_seconds{0};
    double seal_seconds{0};
};

std::string rate(std::uint64_t events, double seconds)
{
    return grouped(
               static_cast<std::uint64_t>(static_cast<double>(events) / std::max(seconds, 1e-3))) +
           "/s";
}

class DevSession {
public:
    DevSession(Parts& parts, const DevFlags& flags, VerifierKey key, Monotonic began)
        : parts_{parts},
          flags_{flags},
          key_{std::move(key)},
          began_{began},
          pause_{parts.executor()}
    {
    }

    Task<Result<int>> run()
    {
        SEAL_CO_TRY_VOID(co_await import_history());
        SEAL_CO_TRY_VOID(co_await wait_until_caught_up());
        VerifyOptions options;
        options.trusted.push_back(key_);
        auto progress = std::make_shared<Progress>("verifying");
        options.on_progress = [progress](const VerifyProgress& now) {
            progress->show(now.position.value, now.head.value);
        };
        const auto start = parts_.clock().monotonic();
        const VerifyReport report =
            co_await verify_ledger(parts_.log(), parts_.audit(), std::move(options));
        progress->clear();
        const double seconds = Seconds{parts_.clock().monotonic() - start}.count();
        print(report, seconds);
        co_return exit_code(report.verdict);
    }

private:
    Task<Result<void>> import_history()
    {
        MachineHistoryOptions options;
        options.checkout = flags_.checkout;
        options.salt_file = flags_.data / "import.salt";
        const auto head = co_await parts_.log().head();
        if (!head) {
            co_return head.error();
        }
        if (head->value != 0) {
            co_return Result<void>{}; // it has its events; more come over HTTP
        }
        SEAL_CO_TRY(events, read_machine_history(options));
        const std::uint64_t total = events.size();
        auto batches = to_batches(std::move(events), import_batch_events);
        Progress progress{"appending"};
        const auto start = parts_.clock().monotonic();
        for (auto& batch : batches) {
            std::size_t count = 0;
            for (const StreamAppend& append : batch) {
                count += append.drafts.size();
            }
            const auto appended = co_await parts_.log().append(std::move(batch));
            if (!appended) {
                co_return with_context(appended.error(), "appending this machine's history");
            }
            (appended->is_repeat ? measured_.repeated : measured_.appended) += count;
            progress.show(measured_.appended + measured_.repeated, total);
        }
        measured_.append_seconds = Seconds{parts_.clock().monotonic() - start}.count();
        co_return Result<void>{};
    }

    Task<Result<void>> wait_until_caught_up()
    {
        SEAL_CO_TRY(head, co_await parts_.log().head());
        const auto start = parts_.clock().monotonic();
        Progress progress{"sealing"};
        bool is_folded = false;
        bool is_sealed = false;
        while (!(is_folded && is_sealed)) {
            const double seconds = Seconds{parts_.clock().monotonic() - start}.count();
            if (parts_.is_stopping()) {
                co_return Error{Errc::shutting_down, {}};
            }
            if (seconds > static_cast<double>(catch_up_longest.count())) {
                co_return Error{Errc::timed_out, "folding and sealing did not reach the log's end"};
            }
            const auto cursor = co_await parts_.index().cursor();
            if (!is_folded && cursor && *cursor >= head) {
                is_folded = true;
                measured_.fold_seconds = measured_.append_seconds + seconds;
            }
            const AuditorStatus* const audit = parts_.auditor_status();
            progress.show(audit->covered.value, head.value);
            if (audit->state == AuditorState::halted) {
                co_return Error{Errc::corrupt, audit->why};
            }
            if (!is_sealed && audit->covered >= head &&
                audit->checkpoint_size == audit->tree_size && audit->tree_size != 0) {
                is_sealed = true;
                measured_.seal_seconds = measured_.append_seconds + seconds;
            }
            co_await pause_.wait_for(dev_look_interval);
        }
        co_return Result<void>{};
    }

    void print(const VerifyReport& report, double verify_seconds)
    {
        const std::uint64_t events = report.head.value;
        std::cout << "\n" << to_text(report, verify_seconds);
        if (measured_.appended != 0) {
            std::cout << "  first batch  " << grouped(measured_.appended)
                      << " events of this machine's own history: appended "
                      << rate(measured_.appended, measured_.append_seconds) << ", folded "
                      << rate(events, measured_.fold_seconds) << ", sealed and signed "
                      << rate(events, measured_.seal_seconds) << "\n";
        }
        std::cout << "\ncheckpoint\n";
        std::cout << indented(report.note);
        std::cout << "signed by\n  " << key_.to_string() << "\n";
        if (!flags_.is_once) {
            print_next_steps();
        }
        std::cout << "\nready after "
                  << static_cast<std::int64_t>(
                         Seconds{parts_.clock().monotonic() - began_}.count() * 1000)
                  << " ms" << (flags_.is_once ? "" : "; Ctrl-C stops everything") << std::endl;
    }

    static std::string indented(const std::string& text)
    {
        std::string out;
        std::size_t at = 0;
        while (at < text.size()) {
            const auto end = std::min(text.find('\n', at), text.size());
            out += "  " + text.substr(at, end - at) + "\n";
            at = end + 1;
        }
        return out;
    }

    void print_next_steps()
    {
        const std::string url = parts_.url();
        std::cout << "\ntry\n"
                  << "  # append an event\n"
                  << "  curl -i " << url
                  << "/v1/streams/deal/42/events -H 'content-type: application/json'"
                  << " -d '{\"type\":\"DealOpened\",\"data\":{\"value\":100}}'\n"
                  << "  # a conflict: the stream must not exist, but does\n"
                  << "  curl -i " << url
                  << "/v1/streams/deal/42/events -H 'content-type: application/json'"
                  << " -H 'if-none-match: *' -d '{\"type\":\"DealOpened\"}'\n"
                  << "  # follow live\n"
                  << "  curl -N '" << url << "/v1/feed?after=head'\n"
                  << "  # verify a stream\n"
                  << "  curl " << url << "/v1/streams/deal/42/verify\n"
                  << "\nAPI " << url << "   described at " << url
                  << "/.well-known/openapi\noperators " << parts_.admin_url() << "/metrics\n";
    }

    Parts& parts_;
    const DevFlags& flags_;
    VerifierKey key_;
    Monotonic began_;
    Notifier pause_;
    Measured measured_;
};

Result<SigningKey> own_key(const fs::path& file)
{
    auto key = load_signing_key(file);
    if (key || key.error().code != Errc::not_found) {
        return key;
    }
    SEAL_TRY(made, SigningKey::generate(dev_origin));
    SEAL_TRY_VOID(save_signing_key(made, file));
    return made;
}

Result<void> make_wrapping_key(const fs::path& file)
{
    const auto known = load_wrapping_key(file);
    if (known || known.error().code != Errc::not_found) {
        return known ? Result<void>{} : known.error();
    }
    return save_wrapping_key(WrappingKey::generate(), file);
}

// Starts the children, then runs all roles in this process.
Result<int> run_dev(DevFlags& flags)
{
    const SystemClock clock;
    const auto began = clock.monotonic();
    SEAL_TRY(lock, FolderLock::take(flags.data));
    flags.data = fs::absolute(flags.data);
    SEAL_TRY(loaded, flags.settings.load());
    if (flags.settings.set.empty() && flags.settings.file.empty()) {
        set_log_level(Level::warn); // the report is what a person wants to read
    }
    std::cout << "starting nats-server and Postgres in " << flags.data.string() << std::endl;
    DevNatsOptions nats_options;
    nats_options.folder = flags.data / "nats";
    nats_options.is_synced = !flags.is_lazy;
    SEAL_TRY(nats, DevNats::start(nats_options));
    DevPostgresOptions postgres_options;
    postgres_options.folder = flags.data / "postgres";
    postgres_options.is_synced = !flags.is_lazy;
    SEAL_TRY(postgres, DevPostgres::start(postgres_options));
    const fs::path key_file = flags.data / "audit.key";
    SEAL_TRY(key, own_key(key_file));

    Settings settings = loaded.settings;
    if (settings.retention.key_file.empty()) {
        settings.retention.key_file = flags.data / "wrapping.key";
        SEAL_TRY_VOID(make_wrapping_key(settings.retention.key_file));
    }
    settings.nats.url = nats.url();
    settings.event_log.is_synced = !flags.is_lazy;
    settings.postgres.options.uri = postgres.conninfo();
    settings.auditor.key_file = key_file;
    settings.ledger.chain.is_required_everywhere = true;
    if (settings.packs.watch == std::chrono::milliseconds{0}) {
        settings.packs.watch = pack_watch_interval;
    }
    Result<int> outcome{exit_ok};
    const VerifierKey verifier = key.verifier();
    struct Inside {
        static Task<void> run(Parts& parts, const DevFlags& dev_flags, VerifierKey trusted,
                              Monotonic start, Result<int>& to)
        {
            DevSession session{parts, dev_flags, std::move(trusted), start};
            to = co_await session.run();
            const bool is_failed = !to && to.error().code != Errc::shutting_down;
            if (dev_flags.is_once || is_failed) {
                parts.stop();
            }
        }
    };
    const auto ended = run_process(settings, [&](Parts& parts) {
        return Inside::run(parts, flags, verifier, began, outcome);
    });
    postgres.stop();
    nats.stop();
    if (!ended) {
        return ended.error();
    }
    if (!outcome && outcome.error().code == Errc::shutting_down) {
        return exit_ok;
    }
    return outcome;
}

} // namespace

void add_dev(CLI::App& app, int& code)
{
    auto* const command = app.add_subcommand(
        "dev",
        "everything on this machine: private nats-server and Postgres, all roles, real events");
    auto flags = std::make_shared<DevFlags>();
    flags->settings.add_to(*command);
    command->add_option("--data", flags->data, "the folder for all data")->capture_default_str();
    command->add_option("--checkout", flags->checkout,
                        "a git work tree whose history becomes events");
    command->add_flag("--once", flags->is_once, "stop after the report");
    command->add_flag("--lazy", flags->is_lazy,
                      "do not sync every write to disk: faster, less safe");
    command->callback([flags, &code] {
        const auto ended = run_dev(*flags);
        code = ended ? *ended : fail(ended.error());
    });
}

} // namespace sealstream::cli
