#include "projections/skip_rules.hpp"

#include "core/rules/emission_rules.hpp"
#include "core/rules/schema_rules.hpp"
#include "core/rules/system_streams.hpp"

#include <charconv>

namespace sealstream {

SkipRules::SkipRules(const std::vector<std::string>& types,
                     const std::vector<std::string>& schema_versions)
    : types_{types.begin(), types.end()}
{
    for (const std::string& one : schema_versions) {
        const std::size_t equals = one.find('=');
        std::uint32_t version = 0;
        if (equals != std::string::npos) {
            std::from_chars(one.data() + equals + 1, one.data() + one.size(), version);
            schemas_[one.substr(0, equals)] = version;
        }
    }
}

Result<bool> SkipRules::take(const Event& event)
{
    if (event.stream.type == schema_stream_type && event.draft.type == schema_event_type) {
        schemas_[event.stream.id] = static_cast<std::uint32_t>(event.version.value);
    }
    if (event.stream.type != policy_stream_type) {
        return types_.contains(event.draft.type);
    }
    SEAL_TRY(policy, policy_after(event));
    if (policy && policy->skip_in_projection) {
        types_.insert(event.stream.id);
    } else {
        types_.erase(event.stream.id);
    }
    return false;
}

std::uint32_t SkipRules::schema_version(std::string_view type) const
{
    const auto found = schemas_.find(type);
    return found != schemas_.end() ? found->second : 1;
}

std::vector<std::string> SkipRules::schema_versions() const
{
    std::vector<std::string> texts;
    for (const auto& [type, version] : schemas_) {
        texts.push_back(type + "=" + std::to_string(version));
    }
    return texts;
}

} // namespace sealstream
