#include "core/retention/retention_rules.hpp"

namespace sealstream {

const std::string* RetentionRules::class_of(std::string_view event_type,
                                            std::string_view stream_type) const
{
    if (const auto found = event_types.find(event_type); found != event_types.end()) {
        return &found->second;
    }
    const auto found = stream_types.find(stream_type);
    return found != stream_types.end() ? &found->second : nullptr;
}

std::optional<std::chrono::seconds> RetentionRules::keep(std::string_view retention_class) const
{
    const auto found = classes.find(retention_class);
    return found != classes.end() ? std::optional{found->second} : std::nullopt;
}

} // namespace sealstream
