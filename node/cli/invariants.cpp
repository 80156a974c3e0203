// What operators ask a node about the invariants and schedules of packs.

#include "node/cli/commands.hpp"
#include "node/cli/node_client.hpp"
#include "node/cli/node_lines.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <iostream>

namespace sealstream::cli {

namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds result_poll{100};
constexpr std::chrono::seconds run_wait_max{60}; // for a runner to do what was asked for

struct WorkFlags {
    NodeFlags node;
    std::string name;
    bool is_json{false};
};
using WorkFlagsPtr = std::shared_ptr<WorkFlags>;

Task<Result<json::value>> ask_work(WorkFlagsPtr flags, NodeVerb verb, std::string path)
{
    SEAL_CO_TRY(access, flags->node.access());
    NodeRequest request;
    request.verb = verb;
    request.target = "/v1/" + path;
    SEAL_CO_TRY(answer, co_await NodeAnswer::ask(std::move(access), std::move(request)));
    if (answer->status() >= 300) {
        co_return co_await read_problem(*answer);
    }
    const std::string whole = co_await read_rest(*answer);
    boost::system::error_code failed;
    auto value = json::parse(whole, failed);
    if (failed) {
        co_return Error{Errc::unavailable, "the answer is not JSON"};
    }
    co_return value;
}

void print_failure(const json::object& one)
{
    if (!one.at("failure").is_null()) {
        const json::object& failure = one.at("failure").get_object();
        std::cout << "  can not run [" << text_of(failure.at("code")) << "] "
                  << text_of(failure.at("detail")) << "\n";
    }
    if (!one.at("has_runner").as_bool()) {
        std::cout << "  nobody runs it: start a projector\n";
    }
}

void print_rows(const json::object& one, const char* member)
{
    for (const json::value& row : one.at(member).get_array()) {
        std::cout << "  " << json::serialize(row) << "\n";
    }
    if (one.at("has_more").as_bool()) {
        std::cout << "  and more\n";
    }
}

void print_invariant(const json::object& one)
{
    std::cout << text_of(one.at("name")) << "  " << text_of(one.at("state")) << " at position "
              << text_of(one.at("position")) << "  [" << text_of(one.at("severity")) << "] "
              << text_of(one.at("summary")) << "\n";
    print_rows(one, "rows");
    print_failure(one);
}

void print_schedule(const json::object& one)
{
    std::cout << text_of(one.at("name")) << "  " << text_of(one.at("state")) << " for "
              << text_of(one.at("moment")) << "  appended " << text_of(one.at("appended_events"))
              << " events, refused " << text_of(one.at("refused_rows")) << " rows\n";
    print_rows(one, "refused");
    print_failure(one);
}

using Print = void (*)(const json::object&);

Task<int> list_work(WorkFlagsPtr flags, std::string kind, Print print)
{
    const auto answer = co_await ask_work(flags, NodeVerb::get, kind);
    if (!answer) {
        co_return fail(answer.error());
    }
    if (flags->is_json) {
        std::cout << json::serialize(*answer) << std::endl;
        co_return exit_ok;
    }
    for (const json::value& one : answer->at(kind).get_array()) {
        print(one.get_object());
    }
    std::cout.flush();
    co_return exit_ok;
}

// Breached is a finding; one that can not be looked at is undecided.
int code_of_work(const json::object& one)
{
    if (!one.at("failure").is_null()) {
        return exit_undecided;
    }
    return text_of(one.at("state")) == "breached" ? exit_findings : exit_ok;
}

Task<int> run_now(WorkFlagsPtr flags)
{
    const auto asked =
        co_await ask_work(flags, NodeVerb::post, "invariants/" + flags->name + "/run");
    if (!asked) {
        co_return fail(asked.error());
    }
    const auto wanted = asked->at("run").to_number<std::uint64_t>();
    const auto deadline = std::chrono::steady_clock::now() + run_wait_max;
    while (true) {
        const auto answer = co_await ask_work(flags, NodeVerb::get, "invariants/" + flags->name);
        if (!answer) {
            co_return fail(answer.error());
        }
        const json::object& one = answer->get_object();
        const bool is_done = one.at("answered").to_number<std::uint64_t>() >= wanted;
        if (!is_done && std::chrono::steady_clock::now() > deadline) {
            co_return fail(Error{Errc::timed_out, "nobody has run it within " +
                                                      std::to_string(run_wait_max.count()) +
                                                      " s; is a projector running?"});
        }
        if (is_done) {
            if (flags->is_json) {
                std::cout << json::serialize(one) << std::endl;
            } else {
                print_invariant(one);
                std::cout.flush();
            }
            co_return code_of_work(one);
        }
        boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
        timer.expires_after(result_poll);
        co_await timer.async_wait(use_tuple);
    }
}

} // namespace

void add_invariants(CLI::App& app, int& code)
{
    auto flags = std::make_shared<WorkFlags>();
    auto* const command =
        app.add_subcommand("invariants", "what must always hold, and whether it does");
    command->require_subcommand(0, 1);
    flags->node.add_to(*command);
    command->add_flag("--json", flags->is_json, "as the node answers");
    auto run_flags = std::make_shared<WorkFlags>();
    auto* const run = command->add_subcommand("run", "look at one now");
    run_flags->node.add_to(*run);
    run->add_option("invariant", run_flags->name, "its name: pack.invariant")->required();
    run->add_flag("--json", run_flags->is_json, "as the node answers");
    run->callback([run_flags, &code] { code = run_alone(run_now(run_flags)); });
    command->callback([command, flags, &code] {
        if (command->get_subcommands().empty()) {
            code = run_alone(list_work(flags, "invariants", &print_invariant));
        }
    });

    auto other = std::make_shared<WorkFlags>();
    auto* const schedules =
        app.add_subcommand("schedules", "what packs append when it is due, and how that went");
    other->node.add_to(*schedules);
    schedules->add_flag("--json", other->is_json, "as the node answers");
    schedules->callback(
        [other, &code] { code = run_alone(list_work(other, "schedules", &print_schedule)); });
}

} // namespace sealstream::cli
