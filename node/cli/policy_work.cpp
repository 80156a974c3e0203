#include "node/cli/policy_work.hpp"

#include "core/event/canonical_json.hpp"
#include "node/cli/node_lines.hpp"
#include "node/cli/policy_text.hpp"
#include "node/cli/progress.hpp"
#include "node/http/target.hpp"

#include <boost/json/serialize.hpp>

#include <fstream>
#include <iostream>

namespace sealstream::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t page_rows = 100;
constexpr JsonLimits json_limits{64, 1 << 20};

using PolicyFlagsPtr = std::shared_ptr<PolicyFlags>;

std::string target_of(const std::string& type)
{
    return "/v1/policies/" + http::percent_encode(type);
}

NodeRequest request_to(NodeVerb verb, std::string target, const json::object& body = {})
{
    NodeRequest request;
    request.verb = verb;
    request.target = std::move(target);
    if (!body.empty()) {
        request.fields.emplace_back("Content-Type", "application/json");
        request.body = json::serialize(body);
    }
    return request;
}

json::array array_member(const json::object& object, const char* name)
{
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_array() ? value->get_array() : json::array{};
}

void print_answer(const json::object& object, bool is_json,
                  std::string (*to_text)(const json::object&))
{
    std::cout << (is_json ? json::serialize(object) + "\n" : to_text(object)) << std::flush;
}

PolicyChange change_of(const PolicyFlags& flags)
{
    PolicyChange change;
    if (flags.is_for_nobody || !flags.sources.empty()) {
        change.sources = flags.sources;
    }
    if (flags.is_for_any_stream_type || !flags.stream_types.empty()) {
        change.stream_types = flags.stream_types;
    }
    if (flags.is_skipped || flags.is_counted) {
        change.skip_in_projection = flags.is_skipped;
    }
    return change;
}

// The row that is there, or none.
Task<Result<std::optional<json::object>>> find_row(PolicyFlagsPtr flags, NodeAccess access)
{
    auto request = request_to(NodeVerb::get, target_of(flags->type));
    auto row = co_await ask_json(access, std::move(request));
    if (row) {
        co_return std::optional{*std::move(row)};
    }
    if (row.error().code == Errc::not_found) {
        co_return std::optional<json::object>{};
    }
    co_return row.error();
}

Result<EmissionPolicy> policy_to_be(const std::optional<json::object>& row,
                                    const PolicyFlags& flags)
{
    std::optional<EmissionPolicy> before;
    if (row) {
        SEAL_TRY(policy, policy_of_row(*row));
        before = std::move(policy);
    }
    return changed(before, change_of(flags));
}

} // namespace

Task<Result<int>> list_policies(PolicyFlagsPtr flags, NodeAccess access)
{
    json::array rows;
    std::string after;
    for (;;) {
        std::string target = "/v1/policies?limit=" + std::to_string(page_rows);
        if (!after.empty()) {
            target += "&after=" + http::percent_encode(after);
        }
        auto request = request_to(NodeVerb::get, std::move(target));
        SEAL_CO_TRY(page, co_await ask_json(access, std::move(request)));
        const json::array found = array_member(page, "policies");
        rows.insert(rows.end(), found.begin(), found.end());
        after = text_member(page, "next");
        if (after.empty()) {
            if (!flags->is_json) {
                const bool is_allowed = text_member(page, "unknown_types") == "allow";
                std::cout << policy_table(rows, is_allowed);
            }
            break;
        }
    }
    for (const auto& row : rows) {
        if (flags->is_json) {
            std::cout << json::serialize(row) << '\n';
        }
    }
    std::cout << std::flush;
    co_return exit_ok;
}

Task<Result<int>> get_policy(PolicyFlagsPtr flags, NodeAccess access)
{
    auto request = request_to(NodeVerb::get, target_of(flags->type));
    SEAL_CO_TRY(row, co_await ask_json(access, std::move(request)));
    print_answer(row, flags->is_json, &policy_text);
    co_return exit_ok;
}

// What it changes is what it has read, or what --if-version names; never what came meanwhile.
Task<Result<int>> set_policy(PolicyFlagsPtr flags, NodeAccess access)
{
    SEAL_CO_TRY(before, co_await find_row(flags, access));
    SEAL_CO_TRY(policy, policy_to_be(before, *flags));
    auto request = request_to(NodeVerb::put, target_of(flags->type), to_json(policy));
    const std::string version = flags->if_version != 0 ? std::to_string(flags->if_version)
                                : before               ? text_member(*before, "version")
                                                       : std::string{};
    if (flags->is_new || version.empty()) {
        request.fields.emplace_back("If-None-Match", "*");
    } else {
        request.fields.emplace_back("If-Match", "\"" + version + "\"");
    }
    auto row = co_await ask_json(access, std::move(request));
    if (!row && row.error().code == Errc::conflict) {
        co_return Error{Errc::conflict,
                        before ? "the policy is at version " + text_member(*before, "version") +
                                     " or newer; look with sealstream policy get " + flags->type
                               : "there is no policy at that version"};
    }
    if (!row) {
        co_return row.error();
    }
    print_answer(*row, flags->is_json, &policy_text);
    co_return exit_ok;
}

Task<Result<int>> remove_policy(PolicyFlagsPtr flags, NodeAccess access)
{
    if (!flags->is_sure) {
        co_return Error{Errc::refused,
                        "without its policy the type is as any unknown type; say --yes"
                        ", or look first: sealstream policy dry-run " +
                            flags->type + " --remove"};
    }
    auto request = request_to(NodeVerb::erase, target_of(flags->type));
    if (flags->if_version != 0) {
        const auto version = std::to_string(flags->if_version);
        request.fields.emplace_back("If-Match", "\"" + version + "\"");
    }
    SEAL_CO_TRY(nothing, co_await ask_json(access, std::move(request)));
    static_cast<void>(nothing);
    std::cout << (flags->is_json ? "{\"removed\":true}" : "removed") << std::endl;
    co_return exit_ok;
}

Task<Result<int>> explain_policy(PolicyFlagsPtr flags, NodeAccess access)
{
    json::object question{{"type", json::string_view{flags->type}}};
    if (!flags->sources.empty()) {
        question["source"] = json::string_view{flags->sources.front()};
    }
    if (!flags->stream.empty()) {
        question["stream"] = json::string_view{flags->stream};
    }
    auto request = request_to(NodeVerb::post, "/v1/policies/explain", question);
    SEAL_CO_TRY(answer, co_await ask_json(access, std::move(request)));
    print_answer(answer, flags->is_json, &explanation_text);
    const auto* allowed = answer.if_contains("is_allowed");
    const bool is_allowed = allowed != nullptr && allowed->is_bool() && allowed->get_bool();
    co_return is_allowed ? exit_ok : exit_permission;
}

namespace {

Result<json::value> proposals_in(const std::string& file)
{
    std::ifstream stream{file};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    if (!stream) {
        return Error{Errc::not_found, "no file " + file + " can be read"};
    }
    auto policies = parse_json(text, json_limits);
    if (!policies) {
        return with_context(policies.error(), file);
    }
    return policies;
}

Task<Result<json::value>> proposals(PolicyFlagsPtr flags, NodeAccess access)
{
    if (!flags->file.empty()) {
        co_return proposals_in(flags->file);
    }
    json::object policies;
    if (flags->is_removed) {
        policies[flags->type] = nullptr;
    } else {
        SEAL_CO_TRY(before, co_await find_row(flags, access));
        SEAL_CO_TRY(policy, policy_to_be(before, *flags));
        policies[flags->type] = to_json(policy);
    }
    co_return json::value(std::move(policies)); // with braces it would be an array
}

void show_progress(Progress& progress, const json::object& line)
{
    const auto* value = line.if_contains("progress");
    if (value != nullptr && value->is_object()) {
        const auto done = parse_place(text_member(value->get_object(), "position"));
        const auto total = parse_place(text_member(value->get_object(), "until"));
        progress.show(done ? *done : 0, total ? *total : 0);
    }
}

} // namespace

Task<Result<int>> dry_run_policies(PolicyFlagsPtr flags, NodeAccess access)
{
    if (flags->type.empty() == flags->file.empty()) {
        co_return Error{Errc::refused, "name one event type and what would change, or --file FILE"};
    }
    json::object body;
    SEAL_CO_TRY(policies, co_await proposals(flags, access));
    body["policies"] = std::move(policies);
    if (flags->events != 0) {
        body["events"] = flags->events;
    }
    auto request = request_to(NodeVerb::post, "/v1/policies/dry-run", body);
    request.fields.emplace_back("Accept", "application/x-ndjson");
    Progress progress{"judging"};
    const std::function<void(const json::object&)> on_line = [&progress](const json::object& line) {
        show_progress(progress, line);
    };
    SEAL_CO_TRY(last, co_await ask_json_lines(access, std::move(request), on_line));
    progress.clear();
    const auto* result = last.if_contains("result");
    if (result == nullptr || !result->is_object()) {
        co_return Error{Errc::unavailable, "the node ended the dry run before its result"};
    }
    print_answer(result->get_object(), flags->is_json, &dry_run_text);
    const auto* refused = result->get_object().if_contains("newly_refused");
    const bool finds = refused != nullptr && refused->is_int64() && refused->get_int64() > 0;
    co_return finds ? exit_findings : exit_ok;
}

Task<Result<int>> list_rejections(PolicyFlagsPtr flags, NodeAccess access)
{
    std::uint64_t left = flags->rows_max;
    bool is_none = true;
    std::string before;
    while (left != 0) {
        std::string target =
            "/v1/rejections?limit=" + std::to_string(std::min<std::uint64_t>(left, page_rows));
        target.append(before.empty() ? "" : "&before=" + before);
        for (const auto& [name, value] : flags->filter) {
            target.append("&").append(name).append("=").append(http::percent_encode(value));
        }
        auto request = request_to(NodeVerb::get, std::move(target));
        SEAL_CO_TRY(page, co_await ask_json(access, std::move(request)));
        const json::array found = array_member(page, "rejections");
        for (const auto& row : found) {
            if (const auto* rejection = row.if_object()) {
                print_answer(*rejection, flags->is_json, &rejection_text);
                --left;
                is_none = false;
            }
        }
        before = text_member(page, "next");
        left = before.empty() ? 0 : left;
    }
    if (is_none && !flags->is_json) {
        std::cout << "Nothing was refused." << std::endl;
    }
    co_return exit_ok;
}

} // namespace sealstream::cli
