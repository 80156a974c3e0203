// What the process does, and for which ledgers.

#include "config/checks.hpp"
#include "config/sections.hpp"
#include "core/event/names.hpp"

#include <algorithm>

namespace sealstream {

namespace {

using namespace forms;

Key roles_key()
{
    Key key{"roles", "any of node, projector, auditor, relay", "what this process does", true};
    key.set = [](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        Roles roles{false, false, false, false};
        for (const std::string& word : words) {
            bool* role = word == "node"        ? &roles.is_node
                         : word == "projector" ? &roles.is_projector
                         : word == "auditor"   ? &roles.is_auditor
                         : word == "relay"     ? &roles.is_relay
                                               : nullptr;
            if (role == nullptr) {
                return Error{Errc::malformed, "must be any of node, projector, auditor, relay"};
            }
            *role = true;
        }
        settings.roles = roles;
        return {};
    };
    key.show = [](const Settings& settings) {
        std::vector<std::string> words;
        const Roles& roles = settings.roles;
        for (const auto& [name, is_on] : {std::pair{"node", roles.is_node},
                                          {"projector", roles.is_projector},
                                          {"auditor", roles.is_auditor},
                                          {"relay", roles.is_relay}}) {
            if (is_on) {
                words.emplace_back(name);
            }
        }
        return joined(words);
    };
    return key;
}

Key other_ledgers_key()
{
    Key key{
        "other_ledgers", "a list of ledger names",
        "ledgers served below /ledgers/{name} beside ledger.name; ledgers.{name}.* sets what is "
        "their own",
        true};
    key.set = [](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        for (const std::string& word : words) {
            if (!check_ledger(word) || std::count(words.begin(), words.end(), word) != 1) {
                return Error{Errc::malformed, "must be a list of different ledger names"};
            }
        }
        settings.other_ledgers = words;
        return {};
    };
    key.show = [](const Settings& settings) { return joined(settings.other_ledgers); };
    return key;
}

// A policy about stream types: those that it holds for, or all.
template <class Access>
Key stream_types_key(std::string path, Access policy_of, std::string help)
{
    Key key{std::move(path), "none, all, or a list of stream types", std::move(help), true};
    key.set = [=](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        std::remove_reference_t<decltype(policy_of(settings))> policy;
        if (words == std::vector<std::string>{"all"}) {
            policy.is_required_everywhere = true;
        } else if (words != std::vector<std::string>{"none"}) {
            for (const std::string& word : words) {
                if (!check_stream_type(word) || word == "none" || word == "all") {
                    return Error{Errc::malformed, "must be none, all, or a list of stream types"};
                }
            }
            policy.stream_types = words;
            std::sort(policy.stream_types.begin(), policy.stream_types.end());
        }
        policy_of(settings) = std::move(policy);
        return {};
    };
    key.show = [=](const Settings& settings) {
        const auto policy = value_of(policy_of, settings);
        return policy.is_required_everywhere ? "all"
               : policy.stream_types.empty() ? "none"
                                             : joined(policy.stream_types);
    };
    return key;
}

constexpr auto ledger = [](auto member) { return field(&Settings::ledger, member); };

} // namespace

std::vector<Key> process_keys()
{
    return {
        choice("profile", field(&Settings::profile),
               {{"cluster", Profile::cluster}, {"single-database", Profile::single_database}},
               "where the log is: NATS JetStream, or one Postgres database for everything"),
        roles_key(),
        choice("log.level", field(&Settings::log, &LogSettings::level),
               {{"trace", Level::trace},
                {"debug", Level::debug},
                {"info", Level::info},
                {"warn", Level::warn},
                {"error", Level::error}},
               "the least level that is written"),
        text("ledger.name", ledger(&LedgerSettings::name), "a ledger name", &check_ledger,
             "the ledger that this process serves"),
        choice("ledger.codec", ledger(&LedgerSettings::codec),
               {{"json", CodecKind::canonical_json}, {"cbor", CodecKind::deterministic_cbor}},
               "the form of new records; readers know both"),
        stream_types_key("ledger.chain", ledger(&LedgerSettings::chain),
                         "streams whose events carry the hash of the one before"),
        on_off(ledger(&LedgerSettings::is_enterprise), "enterprise",
               "chains every stream, whatever ledger.chain says"),
        stream_types_key("ledger.require_condition", ledger(&LedgerSettings::required_conditions),
                         "streams that take no append without a condition (428)"),
        other_ledgers_key(),
    };
}

} // namespace sealstream
