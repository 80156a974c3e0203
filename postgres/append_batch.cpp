#include "postgres/append_batch.hpp"

namespace sealstream {

namespace {

// Empty: nothing of it is in the log. Else the original answer, or why it can not be one.
std::optional<Result<Appended>> as_repeat(const AppendRequest& request, const LogState& state)
{
    Appended original{{}, true};
    std::size_t missing = 0;
    for (const StreamAppend& append : request.appends) {
        for (const Draft& draft : append.drafts) {
            const auto known = state.events.find(draft.id);
            if (known == state.events.end()) {
                ++missing;
                continue;
            }
            const auto stored = decode_record(known->second.record);
            if (!stored) {
                return Error{Errc::corrupt,
                             "the record at position " +
                                 std::to_string(known->second.placed.position.value) +
                                 " does not decode: " + describe(stored.error())};
            }
            if (stored->stream != append.stream || !is_same_content(draft, stored->draft)) {
                return Error{Errc::key_reuse,
                             "event " + draft.id.to_string() + " is in the log with other content"};
            }
            original.events.push_back(known->second.placed);
        }
    }
    if (original.events.empty()) {
        return std::nullopt;
    }
    if (missing != 0) {
        return Error{Errc::key_reuse, "some of these events are in the log, others are not"};
    }
    return original;
}

Result<void> check_conditions(const AppendRequest& request, const LogState& state)
{
    const auto check = [&state](const StreamName& stream, const Expected& expected) {
        const auto head = state.streams.find(stream);
        const auto met =
            check_expected(expected, head == state.streams.end() ? StreamHead{} : head->second);
        return met ? met : with_context(met.error(), stream.to_string());
    };
    for (const StreamAppend& append : request.appends) {
        if (const auto met = check(append.stream, append.expected); !met) {
            return met;
        }
    }
    for (const StreamCheck& other : request.checks) {
        if (const auto met = check(other.stream, other.expected); !met) {
            return met;
        }
    }
    return {};
}

Appended place(const AppendRequest& request, LogState& state, const ChainPolicy& chain,
               const RecordCodec& codec, std::vector<NewRecord>& records)
{
    Appended appended;
    for (const StreamAppend& append : request.appends) {
        StreamHead& head = state.streams[append.stream];
        const bool is_chained = chain.requires_chain(append.stream.type);
        for (const Event& event : seal(append, head, is_chained)) {
            state.head = state.head.next();
            head.position = state.head;
            Placed placed{event.draft.id, event.stream, state.head, event.version};
            Bytes record = codec.encode(event);
            state.events.emplace(placed.id, KnownEvent{placed, record});
            records.push_back({placed, event.hash, std::move(record)});
            appended.events.push_back(std::move(placed));
        }
    }
    return appended;
}

} // namespace

AppendPlan plan_appends(const std::vector<AppendRequest>& requests, LogState state,
                        const ChainPolicy& chain, const RecordCodec& codec)
{
    AppendPlan plan;
    plan.answers.reserve(requests.size());
    for (const AppendRequest& request : requests) {
        auto repeat = as_repeat(request, state);
        if (repeat) {
            plan.answers.push_back(std::move(*repeat));
            continue;
        }
        const auto met = check_conditions(request, state);
        if (!met) {
            plan.answers.emplace_back(met.error());
            continue;
        }
        plan.answers.emplace_back(place(request, state, chain, codec, plan.records));
    }
    return plan;
}

} // namespace sealstream
