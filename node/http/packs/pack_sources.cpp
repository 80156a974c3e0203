#include "node/http/packs/pack_sources.hpp"

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/cbor.hpp"
#include "node/feeds/catch_up.hpp"
#include "node/feeds/event_json.hpp"
#include "node/http/handlers/reading.hpp"
#include "node/http/index_watch.hpp"
#include "node/http/packs/ledger_sources.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace sealstream::http {

namespace {

namespace json = boost::json;

constexpr std::size_t event_depth_max = 160; // of its data, and of the event around it
constexpr std::chrono::seconds index_patience{5};

Error unfit(std::string_view argument, std::string_view what)
{
    return Error{Errc::malformed, "\"" + std::string{argument} + "\" " + std::string{what}};
}

// Numbers are taken as their text.
Result<std::string> text_in(const json::object& arguments, std::string_view name)
{
    const auto* value = arguments.if_contains(json::string_view{name.data(), name.size()});
    if (value == nullptr || value->is_null()) {
        return std::string{};
    }
    if (value->is_structured()) {
        return unfit(name, "is text or a number");
    }
    return value->is_string() ? std::string{value->get_string().c_str()}
                              : to_canonical_json(*value);
}

Result<std::uint64_t> place_argument(const json::object& arguments, std::string_view name,
                                     std::uint64_t otherwise, std::uint64_t most)
{
    SEAL_TRY(text, text_in(arguments, name));
    if (text.empty()) {
        return otherwise;
    }
    const auto place = parse_place(text);
    if (!place || *place > most) {
        return unfit(name, "is a whole number of at most " + std::to_string(most));
    }
    return *place;
}

Result<StreamName> stream_in(const json::object& arguments)
{
    SEAL_TRY(text, text_in(arguments, "stream"));
    auto stream = StreamName::parse(text);
    if (!stream) {
        return unfit("stream", "is type/id");
    }
    return stream;
}

Result<json::value> shown(Position position, WallTime ingested, const Event& event)
{
    std::string text;
    append_event(text, EventFormat::sealstream, position, ingested, event);
    SEAL_TRY(value, parse_json(text, {event_depth_max, text.size()}));
    Bytes payload;
    append_cbor_value(payload, value.at("data"));
    value.as_object()["payload_digest"] = to_hex(blake3(payload).view());
    return value;
}

Task<Result<SourceAnswer>> find_event(Services& services, json::object arguments)
{
    SEAL_CO_TRY(text, text_in(arguments, "id"));
    const auto id = EventId::parse(text);
    if (!id) {
        co_return Error{Errc::not_found, "no event has such an id"};
    }
    if (services.index == nullptr) {
        co_return Error{Errc::unavailable, "this node has no event index"};
    }
    SEAL_CO_TRY(event, co_await services.index->find(*id));
    // The index has no hashes; the log has.
    const Position before{event.position.value - 1};
    const ReadLimits one{1, services.limits.page_bytes_max};
    SEAL_CO_TRY(records, co_await services.log.read_from(before, one));
    SEAL_CO_TRY(stored, decode_stored(records));
    if (stored.empty() || stored.front().event.draft.id != *id) {
        co_return Error{Errc::corrupt, "the index knows event " + text +
                                           " at a position where the log has another"};
    }
    SEAL_CO_TRY(value, shown(event.position, stored.front().ingested, stored.front().event));
    co_return SourceAnswer{std::move(value), event.position};
}

Task<Result<SourceAnswer>> find_stream_events(Services& services, json::object arguments)
{
    constexpr std::uint64_t place_max = std::numeric_limits<std::int64_t>::max();
    SEAL_CO_TRY(stream, stream_in(arguments));
    SEAL_CO_TRY(after, place_argument(arguments, "after", 0, place_max));
    SEAL_CO_TRY(limit, place_argument(arguments, "limit", services.limits.page_events,
                                      services.limits.page_events_max));
    const ReadLimits limits{static_cast<std::size_t>(limit), services.limits.page_bytes_max};
    const Version from{after};
    SEAL_CO_TRY(records, co_await services.log.read_stream(std::move(stream), from, limits));
    SEAL_CO_TRY(stored, decode_stored(records));
    SourceAnswer found;
    json::array events;
    for (const StoredEvent& event : stored) {
        SEAL_CO_TRY(value, shown(event.position, event.ingested, event.event));
        events.push_back(std::move(value));
        found.reached = event.position;
    }
    found.value = std::move(events);
    co_return found;
}

Result<FeedFilter> filter_in(const json::object& arguments)
{
    FeedFilter filter;
    SEAL_TRY(type, text_in(arguments, "type"));
    SEAL_TRY(types, parse_types({type}));
    filter.types = std::move(types);
    SEAL_TRY(source, text_in(arguments, "source"));
    filter.source = std::move(source);
    SEAL_TRY(actor, text_in(arguments, "actor"));
    filter.actor = std::move(actor);
    SEAL_TRY(category, text_in(arguments, "category"));
    filter.category = std::move(category);
    SEAL_TRY(stream_type, text_in(arguments, "stream_type"));
    filter.stream_type = std::move(stream_type);
    SEAL_TRY(stream_id, text_in(arguments, "stream_id"));
    filter.stream_id = std::move(stream_id);
    SEAL_TRY(stream, text_in(arguments, "stream"));
    if (!stream.empty()) {
        SEAL_TRY(name, stream_in(arguments));
        filter.stream_type = std::move(name.type);
        filter.stream_id = std::move(name.id);
    }
    for (const auto& [name, to] :
         {std::pair{"from", &filter.from_time}, std::pair{"to", &filter.to_time}}) {
        SEAL_TRY(text, text_in(arguments, name));
        const auto time = from_rfc3339(text);
        if (!text.empty() && !time) {
            return unfit(name, "is an RFC 3339 date and time");
        }
        if (!text.empty()) {
            *to = *time;
        }
    }
    return filter;
}

Task<Result<SourceAnswer>> find_events(Services& services, json::object arguments)
{
    constexpr std::uint64_t place_max = std::numeric_limits<std::int64_t>::max();
    const auto wait_max = static_cast<std::uint64_t>(services.limits.wait_max.count());
    SEAL_CO_TRY(filter, filter_in(arguments));
    SEAL_CO_TRY(after, place_argument(arguments, "after", 0, place_max));
    SEAL_CO_TRY(limit, place_argument(arguments, "limit", services.limits.page_events,
                                      services.limits.page_events_max));
    SEAL_CO_TRY(wished, place_argument(arguments, "wait", 0, place_max));
    const std::uint64_t wait = std::min(wished, wait_max);
    SEAL_CO_TRY(order, text_in(arguments, "order"));
    if (services.index == nullptr || services.index_watch == nullptr) {
        co_return Error{Errc::unavailable, "this node has no event index"};
    }
    EventQuery query = index_query(filter);
    query.after = Position{after};
    query.events_max = static_cast<std::size_t>(limit);
    query.is_descending = order == "desc";
    const std::chrono::milliseconds at_once{0};
    SEAL_CO_TRY(reached, co_await services.index_watch->reach(Position{}, at_once));
    query.at_least = reached;
    SEAL_CO_TRY(events, co_await services.index->query(query));
    if (events.empty() && wait > 0 && !query.is_descending) {
        const std::chrono::seconds longest{wait};
        const auto news = co_await wait_for_event(services, reached, std::move(filter), longest);
        if (news) {
            SEAL_CO_TRY(followed, co_await services.index_watch->reach(*news, index_patience));
            query.at_least = followed;
            SEAL_CO_TRY(fresh, co_await services.index->query(query));
            events = std::move(fresh);
        }
    }
    json::array shown_events;
    for (const IndexedEvent& event : events) {
        SEAL_CO_TRY(value, shown(event.position, event.ingested, event.event));
        shown_events.push_back(std::move(value));
    }
    co_return SourceAnswer{json::value(std::move(shown_events)), query.at_least};
}

json::object issue_of_verdict(const StreamVerdict& verdict)
{
    json::object issue{{"position", std::to_string(verdict.fault.value)},
                       {"message", verdict.reason}};
    if (verdict.expected && verdict.found) {
        issue["expected"] = to_hex(verdict.expected->view());
        issue["found"] = to_hex(verdict.found->view());
    }
    return issue;
}

Task<Result<SourceAnswer>> find_verdict(Services& services, json::object arguments)
{
    SEAL_CO_TRY(stream, stream_in(arguments));
    if (services.auditor == nullptr) {
        co_return Error{Errc::unavailable, "this node has no auditor"};
    }
    auto verdict = co_await services.auditor->verify_stream(std::move(stream));
    if (!verdict && verdict.error().code == Errc::not_found) {
        verdict = StreamVerdict{};
        verdict->is_intact = true; // nothing is wrong with no events
    }
    if (!verdict) {
        co_return verdict.error();
    }
    json::array issues;
    if (!verdict->is_intact) {
        issues.push_back(issue_of_verdict(*verdict));
    }
    json::object found{{"valid", verdict->is_intact},
                       {"chain_intact", verdict->is_intact},
                       {"issues", std::move(issues)},
                       {"events_checked", verdict->checked.value},
                       {"position", std::to_string(verdict->covered.value)}};
    co_return SourceAnswer{json::value(std::move(found)), verdict->covered};
}

} // namespace

Task<Result<SourceAnswer>> find_source(Services& services, QuerySource source,
                                       json::object arguments)
{
    switch (source) {
    case QuerySource::event:
        return find_event(services, std::move(arguments));
    case QuerySource::stream_events:
        return find_stream_events(services, std::move(arguments));
    case QuerySource::events:
        return find_events(services, std::move(arguments));
    case QuerySource::verify_stream:
        return find_verdict(services, std::move(arguments));
    case QuerySource::verify_ledger:
        return find_ledger_verdict(services);
    case QuerySource::status:
        return find_ledger_status(services);
    case QuerySource::sql:
        break;
    }
    return find_ledger_status(services); // sql is no source of this kind; nobody asks
}

} // namespace sealstream::http
