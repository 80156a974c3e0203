#include "node/http/handlers/group_json.hpp"

#include "core/event/canonical_json.hpp"
#include "node/feeds/event_json.hpp"
#include "node/http/problem.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sealstream::http {

namespace {

namespace json = boost::json;

Error group_fault(std::string_view name, const std::string& what)
{
    return Error{Errc::malformed, what, "/" + std::string{name}};
}

const json::value* find(const json::object& object, std::string_view name)
{
    return object.if_contains(json::string_view{name.data(), name.size()});
}

void append_member(std::string& to, std::string_view name, std::uint64_t value)
{
    to.append(",\"").append(name).append("\":").append(std::to_string(value));
}

std::string seconds_text(double seconds)
{
    std::array<char, 32> text{};
    const auto written =
        std::to_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed, 3);
    return {text.data(), written.ptr};
}

} // namespace

Result<json::object> parse_members(std::string_view body,
                                   std::initializer_list<std::string_view> allowed)
{
    if (body.empty()) {
        return json::object{};
    }
    SEAL_TRY(value, parse_json(body));
    if (!value.is_object()) {
        return Error{Errc::malformed, "the body is an object", ""};
    }
    for (const auto& member : value.get_object()) {
        const std::string_view name{member.key().data(), member.key().size()};
        if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
            return group_fault(name, "there is no such member");
        }
    }
    return std::move(value.get_object());
}

Result<std::uint64_t> number_member(const json::object& object, std::string_view name,
                                    std::uint64_t least, std::uint64_t most,
                                    std::uint64_t otherwise)
{
    const auto* const value = find(object, name);
    if (value == nullptr) {
        return otherwise;
    }
    const bool is_number = value->is_int64() && value->get_int64() >= 0;
    const auto number = is_number ? static_cast<std::uint64_t>(value->get_int64()) : 0;
    if (!is_number || number < least || number > most) {
        return group_fault(name, "a whole number from " + std::to_string(least) + " to " +
                                     std::to_string(most));
    }
    return number;
}

Result<std::string> text_member(const json::object& object, std::string_view name,
                                std::size_t bytes_max)
{
    const auto* const value = find(object, name);
    if (value == nullptr) {
        return std::string{};
    }
    const bool is_fitting = value->is_string() && value->get_string().size() <= bytes_max &&
                            value->get_string().find('\0') == json::string_view::npos;
    if (!is_fitting) {
        return group_fault(name, "a text of at most " + std::to_string(bytes_max) + " bytes");
    }
    return std::string{value->get_string().data(), value->get_string().size()};
}

Result<std::optional<Position>> position_member(const json::object& object, std::string_view name)
{
    const auto* const value = find(object, name);
    if (value == nullptr) {
        return std::optional<Position>{};
    }
    const std::string_view text = value->is_string() ? std::string_view{value->get_string().data(),
                                                                        value->get_string().size()}
                                                     : std::string_view{};
    if (text == "0") {
        return std::optional{Position{}};
    }
    const auto place = parse_place(text);
    if (!place) {
        return group_fault(name, "a position is a decimal text such as \"12\"");
    }
    return std::optional{Position{*place}};
}

Result<std::string> group_name(const RequestContext& request)
{
    SEAL_TRY(name, request.path_parameter("group"));
    if (!check_ledger(name)) {
        return Error{Errc::bad_name, "a group is [a-z][a-z0-9_-]{0,31}"};
    }
    return name;
}

Result<GroupDefinition> parse_group(std::string name, std::string_view body)
{
    SEAL_TRY(members, parse_members(body, {"filter", "start", "lease_ms", "max_deliveries"}));
    GroupDefinition definition;
    definition.name = std::move(name);
    if (const auto* const filter = find(members, "filter"); filter != nullptr) {
        SEAL_TRY(parsed, parse_group_filter(to_canonical_json(*filter)));
        definition.filter = std::move(parsed);
    }
    const auto* const start = find(members, "start");
    if (start != nullptr && *start == "end") {
        definition.start = std::nullopt;
    } else {
        SEAL_TRY(position, position_member(members, "start"));
        definition.start = position.value_or(Position{});
    }
    SEAL_TRY(lease, number_member(members, "lease_ms", 100, lease_ms_max, 30'000));
    SEAL_TRY(deliveries, number_member(members, "max_deliveries", 1, 1'000, 5));
    definition.lease = std::chrono::milliseconds{lease};
    definition.deliveries_max = static_cast<unsigned>(deliveries);
    return definition;
}

std::string group_json(const GroupStatus& status)
{
    std::string body{"{\"name\":"};
    append_canonical_string(body, status.definition.name);
    body.append(",\"filter\":").append(to_json(status.definition.filter));
    append_member(body, "lease_ms", static_cast<std::uint64_t>(status.definition.lease.count()));
    append_member(body, "max_deliveries", status.definition.deliveries_max);
    body.append(",\"cursor\":\"").append(std::to_string(status.cursor.value)).append("\"");
    append_member(body, "waiting_events", status.waiting_events);
    append_member(body, "leased_streams", status.leased_streams);
    append_member(body, "parked_streams", status.parked_streams);
    append_member(body, "lag_events", status.lag_events);
    body.append(",\"lag_seconds\":").append(seconds_text(status.lag_seconds));
    body.append(",\"is_full\":").append(status.is_full ? "true" : "false");
    body.append("}\n");
    return body;
}

std::string time_json(GroupTime time)
{
    const auto nanoseconds =
        std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
    return "\"" + to_rfc3339(WallTime{nanoseconds.count()}) + "\"";
}

std::string claim_json(const GroupClaim& claim)
{
    if (claim.events.empty()) {
        return "{\"token\":null,\"events\":[]}\n";
    }
    std::string body{"{\"token\":\""};
    body.append(std::to_string(claim.token)).append("\",\"leased_until\":");
    body.append(time_json(claim.leased_until)).append(",\"events\":[");
    for (const auto& delivered : claim.events) {
        body.append(body.back() == '[' ? "" : ",").append("{\"delivery\":");
        body.append(std::to_string(delivered.delivery)).append(",\"event\":");
        const StoredEvent& stored = delivered.event;
        append_event_json(body, stored.position, stored.ingested, stored.event);
        body.push_back('}');
    }
    body.append("]}\n");
    return body;
}

std::string parked_json(const std::vector<ParkedStream>& streams)
{
    std::string body{"{\"parked\":["};
    for (const ParkedStream& parked : streams) {
        body.append(body.back() == '[' ? "" : ",").append("{\"stream\":");
        append_canonical_string(body, parked.stream.to_string());
        body.append(",\"position\":\"").append(std::to_string(parked.position.value)).append("\"");
        append_member(body, "deliveries", parked.deliveries);
        append_member(body, "waiting_events", parked.waiting_events);
        body.append(",\"reason\":");
        append_canonical_string(body, parked.reason);
        body.push_back('}');
    }
    body.append("]}\n");
    return body;
}

Response group_refused(Error error)
{
    if (error.code == Errc::refused) {
        return refusal(409, "stale_token", error.context + ". Claim again.");
    }
    if (error.code == Errc::malformed) {
        return bad_input(std::move(error));
    }
    return problem(std::move(error));
}

} // namespace sealstream::http
