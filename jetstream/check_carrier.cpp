#include "jetstream/check_carrier.hpp"

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/digest.hpp"

#include <algorithm>

namespace sealstream::jetstream {

namespace {

EventId id_of(const EventId& cause, const StreamName& checked)
{
    using namespace std::string_view_literals;
    Bytes input = to_bytes("sealstream/stream-checked/v1\0"sv);
    append(input, cause.bytes);
    append(input, as_bytes(checked.to_string()));
    const Digest digest = sha256(input);
    EventId id;
    std::copy_n(digest.bytes.begin(), id.bytes.size(), id.bytes.begin());
    id.bytes[6] = (id.bytes[6] & std::byte{0x0f}) | std::byte{0x80}; // version 8 (RFC 9562)
    id.bytes[8] = (id.bytes[8] & std::byte{0x3f}) | std::byte{0x80}; // variant
    return id;
}

} // namespace

Event check_carrier(const Event& cause, const StreamName& checked, Version version,
                    const ChainPolicy& chain)
{
    Draft draft;
    draft.id = id_of(cause.draft.id, checked);
    draft.type = check_event_type;
    draft.source = cause.draft.source;
    draft.actor = cause.draft.actor;
    draft.data = "{\"stream\":";
    append_canonical_string(draft.data, checked.to_string());
    draft.data.append(",\"version\":\"").append(std::to_string(version.value)).append("\"}");
    draft.meta = "{\"causation\":\"" + cause.draft.id.to_string() + "\"}";
    fill_random(draft.salt);

    StreamAppend append{{std::string{check_stream_type}, draft.id.to_string()}, {}, {}};
    append.drafts.push_back(std::move(draft));
    StreamHead head;
    return seal(append, head, chain.requires_chain(check_stream_type)).front();
}

} // namespace sealstream::jetstream
