// What operators ask a node about projections: list, parked, pause, resume, retry, rebuild by name
// with its pause, resume, swap and cancel, rollback, snapshot, snapshots.

#include "node/cli/commands.hpp"
#include "node/cli/node_client.hpp"
#include "node/cli/node_lines.hpp"
#include "node/cli/progress.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdio>
#include <iostream>

namespace sealstream::cli {

namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds look_again{500};

struct OrderFlags {
    NodeFlags node;
    std::string projection;
    std::string stream;
    std::uint64_t events_per_second{0};
    bool is_manual{false};
    bool is_json{false};
    bool is_detached{false};
};
using OrderFlagsPtr = std::shared_ptr<OrderFlags>;

Task<Result<std::string>> ask(OrderFlagsPtr flags, bool is_post, std::string path, std::string body)
{
    SEAL_CO_TRY(access, flags->node.access());
    NodeRequest request;
    request.verb = is_post ? NodeVerb::post : NodeVerb::get;
    request.target = "/v1/projections" + path;
    request.fields.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
    SEAL_CO_TRY(answer, co_await NodeAnswer::ask(std::move(access), std::move(request)));
    if (answer->status() >= 300) {
        co_return co_await read_problem(*answer);
    }
    std::string whole = co_await read_rest(*answer);
    co_return whole;
}

Task<Result<json::value>> ask_json(OrderFlagsPtr flags, std::string path)
{
    std::string nothing;
    SEAL_CO_TRY(answer, co_await ask(std::move(flags), false, std::move(path), std::move(nothing)));
    boost::system::error_code failed;
    auto value = json::parse(answer, failed);
    if (failed) {
        co_return Error{Errc::unavailable, "the answer is not JSON"};
    }
    co_return value;
}

void print_row(const json::object& one)
{
    const json::object& reason = one.at("reason").get_object();
    std::string line = text_of(one.at("name")) + "  cursor " + text_of(one.at("cursor")) + " of " +
                       text_of(one.at("head")) + "  behind " + text_of(one.at("lag_events")) +
                       " events, ";
    std::array<char, 32> seconds{};
    std::snprintf(seconds.data(), seconds.size(), "%.1f s",
                  one.at("lag_seconds").to_number<double>());
    line += seconds.data();
    if (text_of(reason.at("code")) != "none") {
        line += "  [" + text_of(reason.at("code")) + "] " + text_of(reason.at("detail"));
    }
    std::cout << line << "\n";
}

Task<int> list(OrderFlagsPtr flags)
{
    const auto answer = co_await ask_json(flags, "");
    if (!answer) {
        co_return fail(answer.error());
    }
    if (flags->is_json) {
        std::cout << json::serialize(*answer) << std::endl;
        co_return exit_ok;
    }
    for (const json::value& one : answer->at("projections").get_array()) {
        print_row(one.get_object());
    }
    std::cout.flush();
    co_return exit_ok;
}

Task<int> parked(OrderFlagsPtr flags)
{
    const auto answer = co_await ask_json(flags, "/" + flags->projection + "/parked");
    if (!answer) {
        co_return fail(answer.error());
    }
    if (flags->is_json) {
        std::cout << json::serialize(*answer) << std::endl;
        co_return exit_ok;
    }
    for (const json::value& one : answer->at("parked").get_array()) {
        const json::object& row = one.get_object();
        std::cout << text_of(row.at("stream")) << "  since position " << text_of(row.at("position"))
                  << "  " << text_of(row.at("events")) << " events  " << text_of(row.at("sqlstate"))
                  << " " << text_of(row.at("reason")) << "\n";
    }
    std::cout.flush();
    co_return exit_ok;
}

Task<int> order(OrderFlagsPtr flags, std::string path, std::string body)
{
    const auto done = co_await ask(flags, true, "/" + flags->projection + path, std::move(body));
    if (!done) {
        co_return fail(done.error());
    }
    std::cout << *done;
    co_return exit_ok;
}

// Shows a rebuild until it is over, or waits for an order.
Task<int> follow(OrderFlagsPtr flags)
{
    Progress progress{"rebuilding " + flags->projection};
    while (true) {
        const auto answer = co_await ask_json(flags, "/" + flags->projection);
        if (!answer) {
            co_return fail(answer.error());
        }
        const json::object& rebuild = answer->at("rebuild").get_object();
        const std::string state = text_of(rebuild.at("state"));
        if (state == "waiting" || state == "running") {
            progress.show(std::stoull(text_of(rebuild.at("folded"))),
                          std::stoull(text_of(rebuild.at("head"))));
            boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
            timer.expires_after(look_again);
            co_await timer.async_wait(use_tuple);
            continue;
        }
        progress.clear();
        if (flags->is_json) {
            std::cout << json::serialize(rebuild) << std::endl;
        } else {
            std::cout << flags->projection << ": " << state << ", version "
                      << text_of(rebuild.at("version")) << " at position "
                      << text_of(rebuild.at("folded"))
                      << ", equal: " << text_of(rebuild.at("is_equal")) << ", swapped in "
                      << text_of(rebuild.at("swap_ms")) << " ms " << text_of(rebuild.at("reason"))
                      << std::endl;
        }
        const bool differs = rebuild.at("is_equal") == false;
        co_return differs ? exit_tampered : state == "failed" ? exit_unexpected : exit_ok;
    }
}

Task<int> rebuild_by_name(OrderFlagsPtr flags)
{
    json::object wish{{"swap", flags->is_manual ? "manual" : "auto"}};
    if (flags->events_per_second != 0) {
        wish["events_per_second"] = flags->events_per_second;
    }
    const int asked = co_await order(flags, "/rebuild", json::serialize(wish));
    if (asked != exit_ok || flags->is_detached) {
        co_return asked;
    }
    co_return co_await follow(flags);
}

void print_snapshot(const json::object& one)
{
    std::cout << "position " << text_of(one.at("position")) << "  taken "
              << text_of(one.at("taken_at")) << "  " << text_of(one.at("rows")) << " rows  "
              << text_of(one.at("bytes")) << " bytes"
              << (one.at("is_current") == true ? "" : "  of other SQL");
    if (!one.at("refused").is_null()) {
        std::cout << "  REFUSED: " << text_of(one.at("refused"));
    }
    std::cout << "\n";
}

// 10 when one is not what was sealed.
Task<int> list_snapshots(OrderFlagsPtr flags)
{
    const auto answer = co_await ask_json(flags, "/" + flags->projection + "/snapshots");
    if (!answer) {
        co_return fail(answer.error());
    }
    bool is_sound = true;
    for (const json::value& one : answer->at("snapshots").get_array()) {
        is_sound = is_sound && one.at("refused").is_null();
        if (!flags->is_json) {
            print_snapshot(one.get_object());
        }
    }
    if (flags->is_json) {
        std::cout << json::serialize(*answer) << "\n";
    }
    std::cout.flush();
    co_return is_sound ? exit_ok : exit_tampered;
}

// Asks for one, and waits until it is there.
Task<int> take_snapshot(OrderFlagsPtr flags)
{
    const std::string path = "/" + flags->projection + "/snapshots";
    const int asked = co_await order(flags, "/snapshots", "");
    if (asked != exit_ok || flags->is_detached) {
        co_return asked;
    }
    while (true) {
        const auto answer = co_await ask_json(flags, path);
        if (!answer) {
            co_return fail(answer.error());
        }
        const json::value& order_row = answer->at("order");
        const std::string state = order_row.is_null() ? "" : text_of(order_row.at("state"));
        if (state == "waiting") {
            boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
            timer.expires_after(look_again);
            co_await timer.async_wait(use_tuple);
            continue;
        }
        if (state != "done") {
            std::cerr << "sealstream: no snapshot was taken: " << text_of(order_row.at("reason"))
                      << std::endl;
            co_return exit_rejected;
        }
        for (const json::value& one : answer->at("snapshots").get_array()) {
            if (one.at("refused").is_null()) {
                print_snapshot(one.get_object()); // the newest
                break;
            }
        }
        std::cout.flush();
        co_return exit_ok;
    }
}

Task<int> retry_parked(OrderFlagsPtr flags)
{
    json::object body;
    if (!flags->stream.empty()) {
        body["stream"] = flags->stream;
    }
    co_return co_await order(flags, "/retry", json::serialize(body));
}

using Action = std::function<Task<int>(OrderFlagsPtr)>;

CLI::App* add_order(CLI::App& command, int& code, const std::string& name, const std::string& help,
                    OrderFlagsPtr flags, Action action)
{
    auto* const made = command.add_subcommand(name, help);
    flags->node.add_to(*made);
    made->callback([flags, action, &code] { code = run_alone(action(flags)); });
    return made;
}

} // namespace

void add_projection_orders(CLI::App& command, int& code)
{
    const auto simple = [&command, &code](const std::string& name, const std::string& help,
                                          Action action) {
        auto flags = std::make_shared<OrderFlags>();
        auto* const made = add_order(command, code, name, help, flags, std::move(action));
        made->add_option("projection", flags->projection, "its name")->required();
        return std::pair{made, flags};
    };
    const auto path = [](std::string target) {
        return [target](OrderFlagsPtr flags) { return order(flags, target, "{}"); };
    };
    auto flags = std::make_shared<OrderFlags>();
    auto* const listed =
        add_order(command, code, "list", "how far each is, and why not further", flags, &list);
    listed->add_flag("--json", flags->is_json, "as the node answers");

    auto [parked_command, parked_flags] =
        simple("parked", "streams of which an event could not be folded", &parked);
    parked_command->add_flag("--json", parked_flags->is_json, "as the node answers");
    simple("pause", "fold no more until it is resumed", path("/pause"));
    simple("resume", "fold on, also after a halt", path("/resume"));
    simple("rollback", "make the version before the active one again", path("/rollback"));
    auto [take_command, take_flags] =
        simple("snapshot", "copy its tables as they are now", &take_snapshot);
    take_command->add_flag("--detach", take_flags->is_detached, "do not wait for it");
    auto [snapshots_command, snapshots_flags] =
        simple("snapshots", "the copies that there are", &list_snapshots);
    snapshots_command->add_flag("--json", snapshots_flags->is_json, "as the node answers");
    auto [retry_command, retry_flags] = simple("retry", "fold parked events again", &retry_parked);
    retry_command->add_option("--stream", retry_flags->stream, "type/id; without it, all");

    auto [start, start_flags] =
        simple("start-rebuild", "let a projector build it anew, beside", &rebuild_by_name);
    start->add_flag("--manual", start_flags->is_manual, "do not swap by itself");
    start->add_flag("--detach", start_flags->is_detached, "do not wait for its end");
    start->add_flag("--json", start_flags->is_json, "one JSON object at the end");
    start->add_option("--events-per-second", start_flags->events_per_second, "at most");
    simple("watch-rebuild", "show how far a rebuild is until its end", &follow);
    simple("pause-rebuild", "hold it", path("/rebuild/pause"));
    simple("resume-rebuild", "let it go on", path("/rebuild/resume"));
    simple("swap-rebuild", "make what it has built the active version", path("/rebuild/swap"));
    simple("cancel-rebuild", "give it up", path("/rebuild/cancel"));
}

} // namespace sealstream::cli
