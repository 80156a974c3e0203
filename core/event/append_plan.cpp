#include "core/event/append_plan.hpp"

#include "core/event/stream_chain.hpp"

#include <algorithm>
#include <unordered_set>

namespace sealstream {

namespace {

Error conflict(const std::string& wanted, Version actual)
{
    return Error{Errc::conflict, "expected " + wanted + ", the stream is at version " +
                                     std::to_string(actual.value)};
}

bool holds(const std::vector<std::string>& stream_types, std::string_view type)
{
    return std::binary_search(stream_types.begin(), stream_types.end(), type, std::less<>{});
}

} // namespace

bool expects_more(const Expected& expected, const StreamHead& head) noexcept
{
    return expected.kind == Expected::Kind::version   ? expected.version > head.version
           : expected.kind == Expected::Kind::present ? head.version == Version{}
                                                      : false;
}

bool is_same_content(const Draft& draft, const Draft& earlier)
{
    Draft salted = draft;
    salted.salt = earlier.salt;
    return salted == earlier;
}

bool ChainPolicy::requires_chain(std::string_view stream_type) const
{
    return is_required_everywhere || holds(stream_types, stream_type);
}

Result<void> ConditionPolicy::check(const StreamName& stream, const Expected& expected) const
{
    const bool is_stated = expected.kind != Expected::Kind::any;
    if (is_stated || !(is_required_everywhere || holds(stream_types, stream.type))) {
        return {};
    }
    return Error{Errc::precondition_required,
                 "streams of type " + stream.type + " take no append without a condition"};
}

std::size_t AppendRequest::events() const noexcept
{
    std::size_t count = 0;
    for (const StreamAppend& append : appends) {
        count += append.drafts.size();
    }
    return count;
}

Result<void> check_request(const AppendRequest& request, std::size_t most)
{
    const std::size_t events = request.events();
    if (events == 0) {
        return Error{Errc::malformed, "an append without events"};
    }
    if (events > most) {
        return Error{Errc::too_large, "more than " + std::to_string(most) +
                                          " events in one append: " + std::to_string(events)};
    }
    if (request.appends.size() + request.checks.size() > most) {
        return Error{Errc::too_large, "more than " + std::to_string(most) +
                                          " streams written or checked in one append"};
    }
    std::unordered_set<StreamName> streams;
    std::unordered_set<EventId> ids;
    for (const StreamAppend& append : request.appends) {
        if (append.drafts.empty() || !streams.insert(append.stream).second) {
            return Error{Errc::malformed,
                         "each stream of an append comes once, with events; not so " +
                             append.stream.to_string()};
        }
        for (const Draft& draft : append.drafts) {
            if (!ids.insert(draft.id).second) {
                return Error{Errc::malformed,
                             "id " + draft.id.to_string() + " comes twice in one append"};
            }
        }
    }
    for (const StreamCheck& check : request.checks) {
        if (check.expected.kind == Expected::Kind::any || !streams.insert(check.stream).second) {
            return Error{Errc::malformed,
                         "each checked stream comes once, with a condition, and is not appended "
                         "to; not so " +
                             check.stream.to_string()};
        }
    }
    return {};
}

Result<void> check_expected(const Expected& expected, const StreamHead& head)
{
    switch (expected.kind) {
    case Expected::Kind::any:
        return {};
    case Expected::Kind::absent:
        if (head.version.value != 0) {
            return conflict("no stream", head.version);
        }
        return {};
    case Expected::Kind::present:
        if (head.version.value == 0) {
            return conflict("a stream", head.version);
        }
        return {};
    case Expected::Kind::version:
        if (head.version != expected.version) {
            return conflict("version " + std::to_string(expected.version.value), head.version);
        }
        return {};
    }
    return Error{Errc::internal, "an unknown kind of condition"};
}

std::vector<Event> seal(const StreamAppend& append, StreamHead& head, bool is_chained)
{
    std::vector<Event> events;
    events.reserve(append.drafts.size());
    for (const Draft& draft : append.drafts) {
        Event event{draft, append.stream, head.version.next(), std::nullopt, std::nullopt};
        if (is_chained) {
            chain(event, head.hash);
            head.hash = *event.hash;
        }
        head.version = event.version;
        events.push_back(std::move(event));
    }
    return events;
}

} // namespace sealstream
