#include "node/http/conflict_report.hpp"

#include "core/event/canonical_json.hpp"
#include "node/feeds/event_json.hpp"

namespace sealstream::http {

std::string to_text(const Expected& expected)
{
    switch (expected.kind) {
    case Expected::Kind::any:
        return "any";
    case Expected::Kind::absent:
        return "absent";
    case Expected::Kind::present:
        return "present";
    case Expected::Kind::version:
        return std::to_string(expected.version.value);
    }
    return "any";
}

Task<Result<StreamNow>> describe_stream(Services& services, StreamCheck stated,
                                        std::size_t& events_max)
{
    StreamNow now;
    SEAL_CO_TRY(head, co_await services.log.stream_head(stated.stream));
    now.head = head;
    now.members = "\"current_version\":\"" + std::to_string(head.version.value) + "\"";
    const Expected& expected = stated.expected;
    const bool has_missed =
        expected.kind == Expected::Kind::absent ||
        (expected.kind == Expected::Kind::version && expected.version < head.version);
    if (!has_missed || events_max == 0) {
        co_return now;
    }
    const Version after = expected.kind == Expected::Kind::version ? expected.version : Version{};
    const ReadLimits limits{events_max, services.limits.page_bytes_max};
    const auto records = co_await services.log.read_stream(stated.stream, after, limits);
    if (!records) {
        co_return now; // the refusal stands; only its details are missing
    }
    SEAL_CO_TRY(events, decode_stored(*records));
    events_max -= std::min(events_max, events.size());
    now.members.append(",\"conflicting_events\":[");
    for (const StoredEvent& event : events) {
        now.members.append(now.members.back() == '[' ? "" : ",");
        append_event_json(now.members, event.position, event.ingested, event.event);
    }
    now.members.push_back(']');
    co_return now;
}

Task<std::string> describe_conflicts(Services& services, std::vector<StreamCheck> stated)
{
    std::string members;
    std::size_t events_max = services.limits.conflict_events_max;
    std::size_t streams_max = services.limits.conflict_streams_max;
    for (const StreamCheck& one : stated) {
        if (streams_max == 0) {
            break;
        }
        const auto head = co_await services.log.stream_head(one.stream);
        if (!head || check_expected(one.expected, *head)) {
            continue;
        }
        --streams_max;
        const auto now = co_await describe_stream(services, one, events_max);
        members.append(members.empty() ? "\"conflicts\":[" : ",").append("{\"stream\":");
        append_canonical_string(members, one.stream.to_string());
        members.append(",\"expected\":\"").append(to_text(one.expected)).append("\"");
        members.append(now ? "," + now->members : "").append("}");
    }
    co_return members.empty() ? members : members + "]";
}

} // namespace sealstream::http
