#include "core/retention/expiry_event.hpp"

#include "core/event/canonical_json.hpp"
#include "core/event/json_text.hpp"
#include "core/retention/key_period.hpp"

#include <boost/json/object.hpp>

namespace sealstream {

namespace {

constexpr std::string_view source = "sealstream";
constexpr JsonLimits data_limits{4, 4096};

Result<KeyPeriod> period_of(std::string_view key_name)
{
    auto period = parse_key_name(key_name);
    if (!period) {
        return Error{Errc::malformed, std::string{key_name} + " names no key of a retention class"};
    }
    return *std::move(period);
}

} // namespace

Result<StreamName> expiry_stream(std::string_view key_name)
{
    SEAL_TRY(period, period_of(key_name));
    return StreamName::make(retention_stream_type, period.retention_class);
}

Result<Draft> expiry_draft(EventId id, std::string_view key_name, WallTime destroyed,
                           Position through)
{
    SEAL_TRY(period, period_of(key_name));
    Draft draft;
    draft.id = id;
    draft.type = expiry_event_type;
    draft.source = source;
    draft.data = to_canonical_json(boost::json::object{{"class", period.retention_class},
                                                       {"destroyed", to_rfc3339(destroyed)},
                                                       {"from", to_rfc3339(period.from)},
                                                       {"key", std::string{key_name}},
                                                       {"through", std::to_string(through.value)},
                                                       {"until", to_rfc3339(period.until)}});
    fill_random(draft.salt);
    return draft;
}

std::optional<std::string> expired_key(const Event& event)
{
    if (event.stream.type != retention_stream_type || event.draft.type != expiry_event_type) {
        return std::nullopt;
    }
    const auto data = parse_json(event.draft.data, data_limits);
    const auto* const object = data ? data->if_object() : nullptr;
    const auto* const key = object != nullptr ? object->if_contains("key") : nullptr;
    if (key == nullptr || !key->is_string()) {
        return std::nullopt;
    }
    return std::string{key->get_string().data(), key->get_string().size()};
}

} // namespace sealstream
