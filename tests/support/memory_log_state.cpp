#include "tests/support/memory_log_state.hpp"

namespace sealstream::testing {

Result<std::optional<Appended>>
MemoryEventLog::State::find_repeat(const AppendRequest& request) const
{
    Appended repeat{{}, true};
    bool is_new_seen = false;
    for (const StreamAppend& append : request.appends) {
        for (const Draft& draft : append.drafts) {
            const auto known = ids.find(draft.id);
            if (known == ids.end() || is_forgotten(known->second)) {
                is_new_seen = true;
                continue;
            }
            const Event earlier = event_at(known->second);
            if (earlier.stream != append.stream || !is_same_content(draft, earlier.draft)) {
                return Error{Errc::key_reuse, "the id is in the log with other content"};
            }
            repeat.events.push_back({draft.id, append.stream, known->second, earlier.version});
        }
    }
    if (repeat.events.empty()) {
        return std::optional<Appended>{};
    }
    if (is_new_seen) {
        return Error{Errc::key_reuse, "a part of the append is in the log already"};
    }
    return std::optional{std::move(repeat)};
}

void MemoryEventLog::State::add(const Event& event, MemoryStream& stream)
{
    const Position position{records.size() + 1};
    records.push_back({position, clock.wall(), codec(options.codec).encode(event)});
    names.push_back(event.stream);
    ids.insert_or_assign(event.draft.id, position);
    stream.head.position = position;
    stream.positions.push_back(position);
}

Result<Appended> MemoryEventLog::State::append(const AppendRequest& request)
{
    if (const auto checked = check_request(request, append_events_max); !checked) {
        return checked.error();
    }
    if (options.id_window && clock.monotonic() >= request.send_until) {
        return Error{Errc::timed_out, "the look-up is too old"};
    }
    auto repeat = find_repeat(request);
    if (!repeat) {
        return repeat.error();
    }
    if (*repeat) {
        return **std::move(repeat);
    }
    for (const StreamAppend& append : request.appends) {
        if (const auto met = check(append.stream, append.expected); !met) {
            return met.error();
        }
    }
    for (const StreamCheck& other : request.checks) {
        if (const auto met = check(other.stream, other.expected); !met) {
            return met.error();
        }
    }
    Appended appended;
    for (const StreamAppend& append : request.appends) {
        MemoryStream& stream = streams[append.stream];
        const bool is_chained = options.chain.requires_chain(append.stream.type);
        for (const Event& event : seal(append, stream.head, is_chained)) {
            add(event, stream);
            appended.events.push_back(
                {event.draft.id, event.stream, stream.head.position, event.version});
        }
    }
    grown.notify_all();
    return appended;
}

} // namespace sealstream::testing
