#include "node/work/own_streams.hpp"

#include "core/base/encoding.hpp"
#include "core/rules/system_streams.hpp"
#include "node/feeds/event_json.hpp"
#include "node/http/event_input.hpp"

namespace sealstream {

Task<Result<std::optional<StoredEvent>>> last_event(EventLog& log, StreamName stream)
{
    const std::string shown = stream.to_string();
    SEAL_CO_TRY(head, co_await log.stream_head(std::move(stream)));
    if (head.version == Version{}) {
        co_return std::optional<StoredEvent>{};
    }
    const Position before{head.position.value - 1};
    const ReadLimits one{1, 1};
    SEAL_CO_TRY(records, co_await log.read_from(before, one));
    if (records.empty() || records.front().position != head.position) {
        co_return Error{Errc::unavailable,
                        "the log does not show the last event of " + shown + " yet"};
    }
    SEAL_CO_TRY(stored, decode_stored(records.front()));
    co_return std::optional<StoredEvent>{std::move(stored)};
}

StreamAppend own_append(StreamName stream, Version seen, Draft draft, std::string actor)
{
    draft.source = ledger_source;
    draft.actor = std::move(actor);
    draft.key = stream.to_string() + " " + std::to_string(seen.next().value);
    draft.id = id_of_key(draft.source, draft.key);
    fill_random(draft.salt);
    const bool is_first = seen == Version{};
    StreamAppend append{
        std::move(stream), {is_first ? Expected::Kind::absent : Expected::Kind::version, seen}, {}};
    append.drafts.push_back(std::move(draft));
    return append;
}

} // namespace sealstream
