// sealstream tail: the events of a ledger as lines on standard output, from a cursor on. It keeps
// the cursor, so that a broken connection costs nothing but a wait.

#include "core/async/backoff.hpp"
#include "node/cli/commands.hpp"
#include "node/cli/node_client.hpp"
#include "node/cli/node_lines.hpp"
#include "node/http/target.hpp"

#include <boost/asio/steady_timer.hpp>

#include <iostream>

namespace sealstream::cli {

namespace {

constexpr BackoffOptions pauses{std::chrono::milliseconds{100}, std::chrono::milliseconds{5000}};

struct TailFlags {
    NodeFlags node;
    std::string after{"0"};
    std::vector<std::pair<std::string, std::string>> filter;
    std::uint64_t events_max{0}; // 0: no bound
    bool follows{false};
    bool is_quiet{false};
};

// A name that CLI11 fills in, kept as a query parameter.
void add_filter(CLI::App& command, const std::shared_ptr<TailFlags>& flags, const std::string& name,
                const std::string& parameter, const std::string& help)
{
    command
        .add_option_function<std::vector<std::string>>(
            "--" + name,
            [flags, parameter](const std::vector<std::string>& values) {
                for (const auto& value : values) {
                    flags->filter.emplace_back(parameter, value);
                }
            },
            help)
        ->take_all();
}

class Tail {
public:
    Tail(std::shared_ptr<TailFlags> flags, NodeAccess access)
        : flags_{std::move(flags)},
          access_{std::move(access)},
          cursor_{flags_->after},
          backoff_{pauses}
    {
    }

    Task<int> run()
    {
        while (!code_) {
            const auto ended = co_await follow();
            std::cout << std::flush;
            if (code_) {
                break;
            }
            if (is_hopeless(ended.error().code)) {
                code_ = fail(ended.error());
                break;
            }
            co_await rest(ended.error());
        }
        co_return *code_;
    }

private:
    // Credentials that were good are perhaps being renewed: their files are read anew.
    [[nodiscard]] bool is_hopeless(Errc code) const
    {
        if (has_been_in_ && code == Errc::unauthenticated) {
            return backoff_.tries() >= flags_->node.tries;
        }
        return !info(code).is_retryable ||
               (!flags_->follows && backoff_.tries() >= flags_->node.tries);
    }

    // One connection, until it ends. Never a value: either code_ is set, or there is an error.
    Task<Result<void>> follow()
    {
        NodeRequest request;
        request.target = "/v1/feed?after=" + cursor_;
        for (const auto& [name, value] : flags_->filter) {
            request.target.append("&").append(name).append("=").append(http::percent_encode(value));
        }
        request.fields.emplace_back("Accept", "application/x-ndjson");
        auto answer = co_await NodeAnswer::ask(access_, std::move(request));
        if (!answer) {
            co_return answer.error();
        }
        if ((*answer)->status() != 200) {
            co_return co_await read_problem(**answer);
        }
        std::string text;
        while (!code_) {
            const auto piece = co_await (*answer)->read_some();
            if (!piece || piece->empty()) {
                co_return piece ? Error{Errc::unavailable, "the node ended the feed"}
                                : piece.error();
            }
            text.append(*piece);
            while (auto line = code_ ? std::nullopt : take_line(text)) {
                const auto taken = take(*line);
                if (!taken) {
                    co_return taken.error();
                }
            }
            std::cout << std::flush;
        }
        co_return Result<void>{};
    }

    Result<void> take(const std::string& line)
    {
        SEAL_TRY(parsed, parse_feed_line(line));
        if (parsed.kind == FeedLine::Kind::error) {
            const Errc code = parsed.is_retryable ? Errc::unavailable : Errc::corrupt;
            return Error{code, parsed.code + ": " + parsed.detail};
        }
        backoff_.reset();
        has_been_in_ = true;
        cursor_ = parsed.cursor;
        if (parsed.kind == FeedLine::Kind::event) {
            std::cout << parsed.event << '\n';
            ++events_;
            if (events_ == flags_->events_max || !std::cout) {
                code_ = exit_ok;
            }
        } else if (parsed.kind == FeedLine::Kind::caught_up && !flags_->follows) {
            code_ = exit_ok;
        }
        return {};
    }

    Task<void> rest(const Error& why)
    {
        const auto pause = backoff_.next();
        if (!flags_->is_quiet) {
            std::cerr << "sealstream: " << why.context << "; again in " << pause.count()
                      << " ms, from position " << cursor_ << std::endl;
        }
        boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
        timer.expires_after(pause);
        co_await timer.async_wait(use_tuple);
    }

    std::shared_ptr<TailFlags> flags_;
    NodeAccess access_;
    std::string cursor_;
    Backoff backoff_;
    std::uint64_t events_{0};
    bool has_been_in_{false};
    std::optional<int> code_;
};

} // namespace

void add_tail(CLI::App& app, int& code)
{
    auto* const command =
        app.add_subcommand("tail", "events as lines, from a position on; --follow for ever");
    auto flags = std::make_shared<TailFlags>();
    flags->node.add_to(*command);
    command->add_option("--after", flags->after, "a position, or head")->capture_default_str();
    command->add_flag("-f,--follow", flags->follows, "go on when all has been read, and reconnect");
    command->add_option("-n,--limit", flags->events_max, "stop after so many events");
    command->add_flag("-q,--quiet", flags->is_quiet, "say nothing of reconnects");
    command->add_flag_callback(
        "--cloudevents", [flags] { flags->filter.emplace_back("format", "cloudevents"); },
        "as structured CloudEvents, which `append -` of another ledger takes");
    add_filter(*command, flags, "type", "type", "event type, prefix.*, or a list with commas");
    add_filter(*command, flags, "stream", "stream", "type/id");
    add_filter(*command, flags, "stream-type", "stream_type", "of streams");
    add_filter(*command, flags, "category", "category", "meta.category");
    add_filter(*command, flags, "actor", "actor", "who did it");
    add_filter(*command, flags, "source", "source", "which service appended it");
    add_filter(*command, flags, "from", "from", "time (RFC 3339), inclusive");
    add_filter(*command, flags, "to", "to", "time (RFC 3339), exclusive");
    command->footer(
        "Examples:\n"
        "  sealstream tail --type 'deal.*' --follow\n"
        "  sealstream tail --after head --follow --stream deal/42\n"
        "  sealstream tail --url https://ledger.example:8443 --ca ca.pem --cert me.pem --key "
        "me.key\n"
        "  sealstream tail --cloudevents | sealstream append - --url http://other:8080");
    command->callback([flags, &code] {
        auto access = flags->node.access();
        if (!access) {
            code = fail(access.error());
            return;
        }
        Tail tail{flags, *std::move(access)};
        code = run_alone(tail.run());
    });
}

} // namespace sealstream::cli
