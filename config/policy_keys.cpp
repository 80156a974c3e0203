// Who may append what.

#include "config/checks.hpp"
#include "config/sections.hpp"
#include "core/event/names.hpp"

namespace sealstream {

namespace {

using namespace forms;

// {"registry": {"registry-a", "registry-b"}} as registry=registry-a, registry=registry-b.
Key source_classes_key()
{
    Key key{"policy.classes", "a list of class=source pattern",
            "groups of sources: class c is emit_from_c on the admin path of policies", true};
    key.set = [](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        http::PolicyOptions fresh;
        fresh.classes.clear();
        for (const std::string& word : words) {
            const auto equals = word.find('=');
            const std::string name = word.substr(0, equals);
            const std::string pattern =
                equals == std::string::npos ? std::string{} : word.substr(equals + 1);
            if (!check_ledger(name) || !check_label(pattern)) {
                return Error{Errc::malformed, "must be a list of class=source pattern"};
            }
            fresh.classes[name].push_back(pattern);
        }
        settings.policy.classes = std::move(fresh.classes);
        return {};
    };
    key.show = [](const Settings& settings) {
        std::vector<std::string> words;
        for (const auto& [name, patterns] : settings.policy.classes) {
            for (const std::string& pattern : patterns) {
                words.push_back(name + "=" + pattern);
            }
        }
        return joined(words);
    };
    return key;
}

constexpr auto policy = [](auto member) { return field(&Settings::policy, member); };

} // namespace

std::vector<Key> policy_keys()
{
    using Policy = http::PolicyOptions;
    return {
        choice("policy.unknown_types", policy(&Policy::unknown_types),
               {{"allow", UnknownTypes::allow}, {"refuse", UnknownTypes::refuse}},
               "what happens to events of a type without an emission policy"),
        choice("schemas.unknown_types", policy(&Policy::unknown_schemas),
               {{"allow", UnknownTypes::allow}, {"refuse", UnknownTypes::refuse}},
               "what happens to events of a type without a schema"),
        number("schemas.versions_max", policy(&Policy::schema_versions_max), 1, 100'000,
               "versions of one event type's schema"),
        source_classes_key(),
        number("policy.types_max", policy(&Policy::types_max), 1, 1'000'000,
               "event types that may have a policy"),
        number("policy.dry_run_events", policy(&Policy::dry_run_events), 1, 100'000'000,
               "events that a dry run looks at when it does not say"),
        number("policy.dry_run_events_max", policy(&Policy::dry_run_events_max), 1, 100'000'000,
               "events that one dry run looks at"),
        number("policy.dry_run_ms", policy(&Policy::dry_run_time_max), 10, 600'000,
               "for one dry run; then it says how far it came"),
        number("policy.apply_wait_ms", policy(&Policy::apply_wait_max), 10, 600'000,
               "for an edit to hold on the node that took it"),
        number("policy.rejection_data_bytes_max", policy(&Policy::rejection_data_bytes_max), 0,
               1 << 20, "bytes of a refused event's data that are kept"),
        number("policy.rejections_keep_days", policy(&Policy::rejections_keep_days), 1, 36'500,
               "how long refused events are kept"),
    };
}

} // namespace sealstream
