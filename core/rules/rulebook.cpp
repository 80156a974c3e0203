#include "core/rules/rulebook.hpp"

#include "core/rules/system_streams.hpp"

#include <algorithm>
#include <array>

namespace sealstream {

namespace {

struct Kind {
    std::string_view stream_type;
    Result<void> (*apply)(Rulebook& rules, const StoredEvent& event);
};

constexpr std::array kinds{
    Kind{policy_stream_type,
         [](Rulebook& rules, const StoredEvent& event) { return rules.emission.apply(event); }},
    Kind{schema_stream_type,
         [](Rulebook& rules, const StoredEvent& event) { return rules.schemas.apply(event); }},
    Kind{redaction_stream_type,
         [](Rulebook& rules, const StoredEvent& event) { return rules.schemas.apply(event); }},
};

} // namespace

Result<void> Rulebook::apply(const StoredEvent& event)
{
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [&event](const Kind& candidate) {
        return candidate.stream_type == event.event.stream.type;
    });
    if (kind == kinds.end() || event.position <= applied) {
        return Error{Errc::internal,
                     "position " + std::to_string(event.position.value) + " is not the next rule"};
    }
    auto done = kind->apply(*this, event);
    if (!done) {
        return done.error();
    }
    applied = event.position;
    return {};
}

std::vector<std::string> rulebook_stream_types()
{
    std::vector<std::string> types;
    for (const Kind& kind : kinds) {
        types.emplace_back(kind.stream_type);
    }
    return types;
}

} // namespace sealstream
