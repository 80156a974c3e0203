#include "node/http/transaction_input.hpp"

#include "core/event/canonical_json.hpp"
#include "node/http/target.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <set>

namespace sealstream::http {

namespace {

namespace json = boost::json;

Error below(Error error, const std::string& pointer)
{
    error.pointer.insert(0, pointer);
    return error;
}

Result<Expected> to_expected(const json::value& value)
{
    const Error wrong =
        fault_at(Errc::malformed,
                 "\"expected\" is a version as a string, \"absent\", \"present\" or "
                 "\"any\"",
                 "/expected");
    if (!value.is_string()) {
        return wrong;
    }
    const auto text = view(value.get_string());
    if (text == "any") {
        return Expected{};
    }
    if (text == "absent" || text == "present") {
        return Expected{text == "absent" ? Expected::Kind::absent : Expected::Kind::present, {}};
    }
    const auto version = parse_place(text);
    if (!version) {
        return wrong;
    }
    return Expected{Expected::Kind::version, Version{*version}};
}

Result<StreamName> to_stream(const json::value& value)
{
    const auto* text = value.if_string();
    if (text == nullptr) {
        return fault_at(Errc::malformed, "\"stream\" must be a string", "/stream");
    }
    auto stream = StreamName::parse(view(*text));
    if (!stream) {
        return fault_at(Errc::bad_name, "\"stream\" must be type/id", "/stream");
    }
    return stream;
}

// An entry of "appends", or of "conditions", which has no events.
struct Entry {
    StreamName stream;
    Expected expected;
    const json::array* events{nullptr};
};

Result<Entry> to_entry(const json::value& value, bool has_events)
{
    if (!value.is_object()) {
        return fault_at(Errc::malformed, "an object with \"stream\" is expected", "");
    }
    Entry entry;
    for (const auto& member : value.get_object()) {
        const std::string_view key{member.key().data(), member.key().size()};
        if (key == "stream") {
            SEAL_TRY(stream, to_stream(member.value()));
            entry.stream = std::move(stream);
        } else if (key == "expected") {
            SEAL_TRY(expected, to_expected(member.value()));
            entry.expected = expected;
        } else if (key == "events" && has_events) {
            entry.events = member.value().if_array();
        } else {
            return fault_at(Errc::malformed, "unknown member", "/" + std::string{key});
        }
    }
    if (entry.stream.type.empty()) {
        return fault_at(Errc::malformed, "\"stream\" is missing", "/stream");
    }
    if (has_events && (entry.events == nullptr || entry.events->empty())) {
        return fault_at(Errc::malformed, "\"events\" must be an array with at least one event",
                        "/events");
    }
    if (!has_events && entry.expected.kind == Expected::Kind::any) {
        return fault_at(Errc::malformed, "a condition says what it expects", "/expected");
    }
    return entry;
}

Result<void> take_append(TransactionInput& input, const json::value& value, const Limits& limits)
{
    SEAL_TRY(entry, to_entry(value, true));
    input.appends.push_back({std::move(entry.stream), entry.expected, entry.events->size()});
    for (std::size_t number = 0; number < entry.events->size(); ++number) {
        auto event = parse_event((*entry.events)[number], EventForm::of_one_stream, limits);
        if (!event) {
            return below(event.error(), "/events/" + std::to_string(number));
        }
        input.events.push_back(*std::move(event));
    }
    return {};
}

const json::array* array_at(const json::object& object, std::string_view key)
{
    const auto* value = object.if_contains(key);
    return value != nullptr ? value->if_array() : nullptr;
}

// Counted before anything is parsed, so that the answer can say how many there are.
Result<void> check_sizes(const json::array& appends, const json::array* conditions,
                         std::size_t most)
{
    std::size_t events = 0;
    for (const json::value& append : appends) {
        const auto* object = append.if_object();
        const auto* list = object != nullptr ? array_at(*object, "events") : nullptr;
        events += list != nullptr ? list->size() : 0;
    }
    const std::size_t streams = appends.size() + (conditions != nullptr ? conditions->size() : 0);
    for (const auto& [what, count] : {std::pair{"events", events}, std::pair{"streams", streams}}) {
        if (count > most) {
            return fault_at(Errc::too_large,
                            "a transaction has at most " + std::to_string(most) + " " + what +
                                "; this one has " + std::to_string(count),
                            "");
        }
    }
    return {};
}

Result<void> check_streams(const TransactionInput& input)
{
    std::set<StreamName> seen;
    for (std::size_t number = 0; number < input.appends.size(); ++number) {
        if (!seen.insert(input.appends[number].stream).second) {
            return fault_at(Errc::malformed, "a stream comes twice; give all its events at once",
                            "/appends/" + std::to_string(number) + "/stream");
        }
    }
    for (std::size_t number = 0; number < input.checks.size(); ++number) {
        if (!seen.insert(input.checks[number].stream).second) {
            return fault_at(Errc::malformed,
                            "a condition on a stream that is there already; an append has its own "
                            "\"expected\"",
                            "/conditions/" + std::to_string(number) + "/stream");
        }
    }
    return {};
}

} // namespace

Result<TransactionInput> parse_transaction(std::string_view body, const Limits& limits)
{
    const JsonLimits json_limits{limits.json_depth_max, limits.body_bytes_max};
    SEAL_TRY(value, parse_json(body, json_limits));
    const auto* object = value.if_object();
    const auto* appends = object != nullptr ? array_at(*object, "appends") : nullptr;
    if (appends == nullptr || appends->empty()) {
        return fault_at(Errc::malformed, "\"appends\" must be an array with at least one append",
                        "/appends");
    }
    for (const auto& member : *object) {
        if (member.key() != "appends" && member.key() != "conditions") {
            return fault_at(Errc::malformed, "a transaction has appends and conditions",
                            "/" + std::string{member.key().data(), member.key().size()});
        }
    }
    const auto* conditions = array_at(*object, "conditions");
    if (object->contains("conditions") && conditions == nullptr) {
        return fault_at(Errc::malformed, "\"conditions\" must be an array", "/conditions");
    }
    SEAL_TRY_VOID(check_sizes(*appends, conditions, limits.transaction_events_max));

    TransactionInput input;
    for (std::size_t number = 0; number < appends->size(); ++number) {
        const auto taken = take_append(input, (*appends)[number], limits);
        if (!taken) {
            return below(taken.error(), "/appends/" + std::to_string(number));
        }
    }
    for (std::size_t number = 0; conditions != nullptr && number < conditions->size(); ++number) {
        auto entry = to_entry((*conditions)[number], false);
        if (!entry) {
            return below(entry.error(), "/conditions/" + std::to_string(number));
        }
        input.checks.push_back({std::move(entry->stream), entry->expected});
    }
    SEAL_TRY_VOID(check_streams(input));
    return input;
}

} // namespace sealstream::http
