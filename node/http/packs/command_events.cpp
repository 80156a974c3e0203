#include "node/http/packs/command_events.hpp"

#include "core/event/canonical_json.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

namespace json = boost::json;

constexpr std::size_t payload_depth_max = 128;

// An event of the pack, in the form of a client.
Result<EventInput> take_event(const Pack& pack, const json::object& event, const Limits& limits)
{
    SEAL_TRY(input, parse_event(json::value(event), EventForm::mixed, limits));
    const PackEventType* type = pack.event_type(input.draft.type);
    if (type == nullptr) {
        return Error{Errc::internal,
                     "pack " + pack.name + " declares no event type " + input.draft.type};
    }
    const auto& streams = type->streams;
    if (std::find(streams.begin(), streams.end(), input.stream.type) == streams.end()) {
        return Error{Errc::internal,
                     input.draft.type + " does not belong in streams of type " + input.stream.type};
    }
    return input;
}

Result<void> add_text(json::object& event, std::string_view member,
                      const std::optional<JsonTemplate>& text, const json::object& scope)
{
    if (text) {
        SEAL_TRY(made, text->render(scope));
        if (!made.is_null()) {
            event.emplace(json::string_view{member.data(), member.size()}, std::move(made));
        }
    }
    return {};
}

Result<Expected> expected_of(const CommandEvent& wanted, const json::object& scope)
{
    switch (wanted.expected) {
    case CommandCondition::none:
        return Expected{};
    case CommandCondition::absent:
        return Expected{Expected::Kind::absent, {}};
    case CommandCondition::exists:
        return Expected{Expected::Kind::present, {}};
    case CommandCondition::version: {
        SEAL_TRY(text, wanted.expected_version->render_text(scope));
        SEAL_TRY(version, parse_place(text));
        return Expected{Expected::Kind::version, Version{version}};
    }
    }
    return Expected{};
}

} // namespace

Result<CommandPlan> plan_events(const Pack& pack, const PackCommand& command,
                                const json::object& scope, const Limits& limits)
{
    CommandPlan plan;
    for (const CommandEvent& wanted : command.events) {
        json::object event;
        SEAL_TRY(type, wanted.type.render_text(scope));
        SEAL_TRY(stream, wanted.stream.render_text(scope));
        SEAL_TRY(data, wanted.data.render(scope));
        event["type"] = type;
        event["stream"] = stream;
        event["data"] = std::move(data);
        SEAL_TRY_VOID(add_text(event, "meta", wanted.meta, scope));
        SEAL_TRY_VOID(add_text(event, "actor", wanted.actor, scope));
        SEAL_TRY_VOID(add_text(event, "time", wanted.time, scope));
        SEAL_TRY(input, take_event(pack, event, limits));
        SEAL_TRY(expected, expected_of(wanted, scope));
        plan.events.push_back(std::move(input));
        plan.expected.push_back(expected);
    }
    return plan;
}

Result<CommandPlan> plan_rows(const Pack& pack, const std::vector<std::string>& rows,
                              const Limits& limits)
{
    CommandPlan plan;
    for (const std::string& row : rows) {
        SEAL_TRY(columns, parse_json(row, {payload_depth_max, row.size()}));
        json::object event;
        std::string stream_type;
        std::string stream_id;
        for (const auto& [key, value] : columns.get_object()) {
            if (key == "stream_type" && value.is_string()) {
                stream_type = value.get_string().c_str();
            } else if (key == "stream_id" && value.is_string()) {
                stream_id = value.get_string().c_str();
            } else if (!value.is_null() || key == "data") {
                event.emplace(key, value);
            }
        }
        const auto* type = event.if_contains("type");
        const auto* known = type != nullptr && type->is_string()
                                ? pack.event_type(type->get_string().c_str())
                                : nullptr;
        if (stream_type.empty() && known != nullptr) {
            stream_type = known->streams.front();
        }
        event["stream"] = stream_type + "/" + stream_id;
        SEAL_TRY(input, take_event(pack, event, limits));
        plan.events.push_back(std::move(input));
        plan.expected.emplace_back();
    }
    return plan;
}

CommandAppend to_append(CommandPlan plan)
{
    CommandAppend made;
    std::vector<std::pair<std::size_t, std::size_t>> places; // append, number in it
    for (std::size_t at = 0; at < plan.events.size(); ++at) {
        EventInput& event = plan.events[at];
        const auto known =
            std::find_if(made.appends.begin(), made.appends.end(),
                         [&event](const auto& one) { return one.stream == event.stream; });
        const auto number = static_cast<std::size_t>(known - made.appends.begin());
        if (known == made.appends.end()) {
            made.appends.push_back({std::move(event.stream), plan.expected[at], {}, true});
        }
        StreamAppend& append = made.appends[number];
        append.has_fresh_ids &= event.has_fresh_id();
        places.emplace_back(number, append.drafts.size());
        append.drafts.push_back(std::move(event.draft));
    }
    for (const auto& [append, number] : places) {
        std::size_t place = number;
        for (std::size_t before = 0; before < append; ++before) {
            place += made.appends[before].drafts.size();
        }
        made.order.push_back(place);
    }
    return made;
}

} // namespace sealstream::http
