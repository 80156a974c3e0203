#include "projections/skip_rules.hpp"

#include "core/rules/emission_rules.hpp"
#include "core/rules/system_streams.hpp"

namespace sealstream {

Result<bool> SkipRules::take(const Event& event)
{
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

} // namespace sealstream
