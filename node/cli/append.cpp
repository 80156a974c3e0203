// sealstream append -: events as lines on standard input go into the ledger, results come out as
// lines. Every event has an id or a key before it is sent, so a request whose answer was lost is
// repeated as it is and nothing doubles.

#include "core/async/backoff.hpp"
#include "node/cli/commands.hpp"
#include "node/cli/node_client.hpp"
#include "node/cli/node_lines.hpp"
#include "node/cli/stdin_lines.hpp"
#include "node/http/target.hpp"

#include <boost/asio/steady_timer.hpp>

#include <iostream>

namespace sealstream::cli {

namespace {

constexpr BackoffOptions append_pauses{std::chrono::milliseconds{100},
                                       std::chrono::milliseconds{5000}};
constexpr std::size_t batch_lines_max = 500;
constexpr std::size_t batch_bytes_max = 1 << 20;

struct AppendFlags {
    NodeFlags node;
    std::string from;
    std::string stream;
    std::string results{"all"};
};

struct Totals {
    std::uint64_t lines{0};
    std::uint64_t appended{0};
    std::uint64_t repeated{0};
    std::uint64_t failed{0};
    bool is_complete{true};
};

class Appending {
public:
    Appending(std::shared_ptr<AppendFlags> flags, NodeAccess access)
        : flags_{std::move(flags)},
          access_{std::move(access)}
    {
    }

    Task<int> run()
    {
        for (;;) {
            const auto lines = input_.next_batch({batch_lines_max, batch_bytes_max});
            if (lines.empty()) {
                break;
            }
            std::string body;
            for (const std::string& line : lines) {
                body.append(with_id(line, ids_.next())).append("\n");
            }
            if (body.find_first_not_of(" \t\r\n") == std::string::npos) {
                lines_before_ += lines.size();
                continue;
            }
            const auto results = co_await send(body);
            if (!results) {
                totals_.is_complete = false;
                print_summary();
                co_return fail(results.error());
            }
            print(*results);
            lines_before_ += lines.size();
            totals_.lines += results->size();
        }
        print_summary();
        co_return totals_.failed == 0 ? exit_ok : exit_rejected;
    }

private:
    // Repeats until every line has an answer, or the tries are used up.
    Task<Result<std::vector<std::string>>> send(const std::string& body)
    {
        Backoff backoff{append_pauses};
        for (;;) {
            auto results = co_await send_once(body);
            if (results || !info(results.error().code).is_retryable ||
                backoff.tries() >= flags_->node.tries) {
                co_return results;
            }
            const auto pause = backoff.next();
            std::cerr << "sealstream: " << results.error().context << "; again in " << pause.count()
                      << " ms" << std::endl;
            boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
            timer.expires_after(pause);
            co_await timer.async_wait(use_tuple);
        }
    }

    Task<Result<std::vector<std::string>>> send_once(const std::string& body)
    {
        NodeRequest request;
        request.verb = NodeVerb::post;
        request.target = flags_->stream.empty() ? "/v1/events" : stream_target();
        request.fields.emplace_back("Content-Type", "application/x-ndjson");
        request.body = body;
        auto answer = co_await NodeAnswer::ask(access_, std::move(request));
        if (!answer) {
            co_return answer.error();
        }
        if ((*answer)->status() >= 300) {
            co_return co_await read_problem(**answer);
        }
        std::string text;
        std::vector<std::string> results;
        for (;;) {
            const auto piece = co_await (*answer)->read_some();
            if (!piece || piece->empty()) {
                co_return piece ? Error{Errc::unavailable, "the answer ends before its summary"}
                                : piece.error();
            }
            text.append(*piece);
            while (auto line = take_line(text)) {
                SEAL_CO_TRY(parsed, parse_result_line(*line));
                if (!parsed.is_summary) {
                    results.push_back(*std::move(line));
                } else if (parsed.is_complete) {
                    co_return results;
                } else {
                    co_return Error{Errc::unavailable, "the log is away"};
                }
            }
        }
    }

    [[nodiscard]] std::string stream_target() const
    {
        const auto slash = flags_->stream.find('/');
        return "/v1/streams/" + http::percent_encode(flags_->stream.substr(0, slash)) + "/" +
               http::percent_encode(flags_->stream.substr(slash + 1)) + "/events";
    }

    void print(const std::vector<std::string>& results)
    {
        for (const std::string& line : results) {
            const auto parsed = parse_result_line(line);
            const bool is_in = parsed && parsed->status < 300;
            totals_.appended += is_in && !parsed->is_repeat ? 1U : 0U;
            totals_.repeated += is_in && parsed->is_repeat ? 1U : 0U;
            totals_.failed += is_in ? 0U : 1U;
            if (flags_->results == "all" || (flags_->results == "errors" && !is_in)) {
                std::cout << renumbered(line, lines_before_) << '\n';
            }
        }
        std::cout << std::flush;
    }

    void print_summary() const
    {
        std::cout << R"({"summary":{"lines":")" << totals_.lines << R"(","appended":")"
                  << totals_.appended << R"(","repeated":")" << totals_.repeated
                  << R"(","failed":")" << totals_.failed << R"(","is_complete":)"
                  << (totals_.is_complete ? "true" : "false") << "}}" << std::endl;
    }

    std::shared_ptr<AppendFlags> flags_;
    NodeAccess access_;
    SystemClock clock_;
    EventIdSource ids_{clock_};
    StdinLines input_;
    Totals totals_;
    std::uint64_t lines_before_{0}; // of standard input, empty ones too
};

} // namespace

void add_append(CLI::App& app, int& code)
{
    auto* const command =
        app.add_subcommand("append", "append events, one JSON object a line, from standard input");
    auto flags = std::make_shared<AppendFlags>();
    flags->node.add_to(*command);
    command->add_option("from", flags->from, "- is standard input")
        ->required()
        ->check([](const std::string& from) {
            return from == "-" ? ""
                               : "say - and give the lines on standard input: append - < " + from;
        });
    command->add_option("--stream", flags->stream, "type/id of lines that name no stream");
    command->add_option("--results", flags->results, "which results to print")
        ->check(CLI::IsMember({"all", "errors", "none"}))
        ->capture_default_str();
    command->footer(
        "Each line is {\"type\":…,\"stream\":\"type/id\",\"data\":…} or a structured CloudEvent.\n"
        "Examples:\n"
        "  echo '{\"stream\":\"deal/3\",\"type\":\"deal.opened\"}' | sealstream append -\n"
        "  sealstream append - --results errors < events.jsonl\n"
        "Exit codes: 0 all are in, 7 lines were refused, 5 you may not, 6 the node stayed away.");
    command->callback([flags, &code] {
        auto access = flags->node.access();
        const auto stream = flags->stream.empty() ? Result<StreamName>{StreamName{}}
                                                  : StreamName::parse(flags->stream);
        if (!access || !stream) {
            code = fail(access ? stream.error() : access.error());
            return;
        }
        Appending appending{flags, *std::move(access)};
        code = run_alone(appending.run());
    });
}

} // namespace sealstream::cli
