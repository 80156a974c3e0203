// sealstream policy list|get|set|remove|explain|dry-run|rejections: who may append what, asked of
// and changed at a running node.

#include "node/cli/policy_work.hpp"

namespace sealstream::cli {

namespace {

using PolicyFlagsPtr = std::shared_ptr<PolicyFlags>;
using PolicyWork = Task<Result<int>> (*)(PolicyFlagsPtr, NodeAccess);

Task<int> ended(PolicyFlagsPtr flags, NodeAccess access, PolicyWork work)
{
    const auto code = co_await work(std::move(flags), std::move(access));
    co_return code ? *code : fail(code.error());
}

CLI::App* add_edit(CLI::App& policy, const char* name, const char* help,
                   const PolicyFlagsPtr& flags, PolicyWork work, int& code)
{
    auto* const command = policy.add_subcommand(name, help);
    flags->node.add_address_to(*command);
    command->add_flag("--json", flags->is_json, "what the node answers, one JSON object a line");
    command->callback([flags, work, &code] {
        auto access = flags->node.access();
        code = access ? run_alone(ended(flags, *std::move(access), work)) : fail(access.error());
    });
    return command;
}

CLI::Option* add_type(CLI::App& command, const PolicyFlagsPtr& flags)
{
    return command.add_option("type", flags->type, "event type, such as TokensIssued");
}

void add_version(CLI::App& command, const PolicyFlagsPtr& flags)
{
    command.add_option("--if-version", flags->if_version, "only if the policy is at this version")
        ->check(CLI::PositiveNumber);
}

void add_change(CLI::App& command, const PolicyFlagsPtr& flags)
{
    auto* const sources =
        command.add_option("--source", flags->sources,
                           "who may emit the type; * stands for any text; may be repeated");
    command.add_flag("--nobody", flags->is_for_nobody, "nobody may emit the type")
        ->excludes(sources);
    auto* const types = command.add_option("--stream-type", flags->stream_types,
                                           "in streams of this type only; may be repeated");
    command.add_flag("--any-stream-type", flags->is_for_any_stream_type, "in streams of any type")
        ->excludes(types);
    auto* const skip =
        command.add_flag("--skip-in-projection", flags->is_skipped, "read models leave it out");
    command.add_flag("--count-in-projection", flags->is_counted, "read models count it")
        ->excludes(skip);
}

void add_edits(CLI::App& policy, int& code)
{
    auto flags = std::make_shared<PolicyFlags>();
    auto* const set =
        add_edit(policy, "set", "make or change a policy; what is not named stays as it is", flags,
                 &set_policy, code);
    add_type(*set, flags)->required();
    add_change(*set, flags);
    add_version(*set, flags);
    set->add_flag("--if-new", flags->is_new, "only if the type has no policy yet");
    set->footer("Examples:\n"
                "  sealstream policy set TokensIssued --source 'registry*'\n"
                "  sealstream policy set TokensIssued --skip-in-projection --if-version 3\n"
                "A policy that somebody else changes meanwhile is not overwritten: exit code 4.");

    flags = std::make_shared<PolicyFlags>();
    auto* const remove =
        add_edit(policy, "remove", "take a policy away: the type is then as any unknown type",
                 flags, &remove_policy, code);
    add_type(*remove, flags)->required();
    add_version(*remove, flags);
    remove->add_flag("--yes", flags->is_sure, "do it");
}

void add_questions(CLI::App& policy, int& code)
{
    auto flags = std::make_shared<PolicyFlags>();
    auto* const explain =
        add_edit(policy, "explain", "may this event be appended, and which rule says so?", flags,
                 &explain_policy, code);
    add_type(*explain, flags)->required();
    explain->add_option("--source", flags->sources, "who would emit it; default: who asks")
        ->expected(1);
    explain->add_option("--stream", flags->stream, "type/id, where it would go");
    explain->footer("Exit code 0 when it may, 5 when it may not.");

    flags = std::make_shared<PolicyFlags>();
    auto* const trial =
        add_edit(policy, "dry-run",
                 "what the newest events would have met under another policy; changes nothing",
                 flags, &dry_run_policies, code);
    auto* const type = add_type(*trial, flags);
    add_change(*trial, flags);
    trial->add_flag("--remove", flags->is_removed, "as if the type had no policy");
    trial->add_option("--file", flags->file, "several: {\"TYPE\": {\"sources\": […]} or null, …}")
        ->excludes(type);
    trial->add_option("--events", flags->events, "look at so many of the newest")
        ->check(CLI::PositiveNumber);
    trial->footer("Examples:\n"
                  "  sealstream policy dry-run TokensIssued --source registry-b --events 100000\n"
                  "  sealstream policy dry-run --file policies.json\n"
                  "Exit code 12 when events would be refused that are not now.");
}

void add_rejections(CLI::App& policy, int& code)
{
    auto flags = std::make_shared<PolicyFlags>();
    auto* const command = add_edit(policy, "rejections", "what was refused, newest first", flags,
                                   &list_rejections, code);
    for (const char* const name : {"type", "source", "from", "to"}) {
        const bool is_time = *name == 'f' || std::string{name} == "to";
        command->add_option_function<std::string>(
            std::string{"--"} + name,
            [flags, name](const std::string& value) { flags->filter.emplace_back(name, value); },
            is_time ? "time (RFC 3339)" : "of the event");
    }
    command->add_option("-n,--limit", flags->rows_max, "so many at most")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
}

} // namespace

void add_policy(CLI::App& app, int& code)
{
    auto* const command = app.add_subcommand("policy", "who may append what");
    command->require_subcommand(1);
    add_edit(*command, "list", "all policies", std::make_shared<PolicyFlags>(), &list_policies,
             code);
    auto flags = std::make_shared<PolicyFlags>();
    add_type(*add_edit(*command, "get", "one policy", flags, &get_policy, code), flags)->required();
    add_edits(*command, code);
    add_questions(*command, code);
    add_rejections(*command, code);
    command->footer("Examples:\n"
                    "  sealstream policy set TokensIssued --source 'registry*'\n"
                    "  sealstream policy explain TokensIssued --source teg-layer-a\n"
                    "  sealstream policy rejections --type TokensIssued\n"
                    "An event type without a policy may be emitted by anybody, unless the setting\n"
                    "policy.unknown_types says otherwise. Each edit is an event of the ledger.");
}

} // namespace sealstream::cli
