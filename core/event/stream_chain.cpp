#include "core/event/stream_chain.hpp"

#include <limits>

namespace sealstream {

namespace {

constexpr std::string_view label{"sealstream/stream-chain/v1\0", 27};

void add_number(Bytes& to, std::uint64_t number)
{
    append_big_endian(to, number);
}

void add_field(Bytes& to, std::string_view field)
{
    append_big_endian(to, static_cast<std::uint32_t>(field.size()));
    append(to, as_bytes(field));
}

} // namespace

Digest chain_hash(const Event& event, const Digest& prev_hash)
{
    const Draft& draft = event.draft;
    Bytes input;
    input.reserve(256 + draft.data.size() + draft.meta.size());
    append(input, as_bytes(label));
    append(input, prev_hash.view());
    add_number(input, event.version.value);
    add_field(input, event.stream.to_string());
    add_field(input, draft.type);
    append(input, draft.id.bytes);
    add_field(input, draft.source);
    add_field(input, draft.actor);
    const std::int64_t time =
        draft.time ? draft.time->nanoseconds : std::numeric_limits<std::int64_t>::min();
    add_number(input, static_cast<std::uint64_t>(time));
    add_field(input, draft.key);
    append(input, draft.salt);
    add_field(input, draft.data);
    add_field(input, draft.meta);
    return sha256(input);
}

void chain(Event& event, const Digest& prev_hash)
{
    event.prev_hash = prev_hash;
    event.hash = chain_hash(event, prev_hash);
}

Result<void> check_chain(const Event& event, const Digest& prev_hash)
{
    if (!event.prev_hash || !event.hash) {
        return Error{Errc::corrupt, "the event has no hashes, but its stream is chained"};
    }
    if (*event.prev_hash != prev_hash) {
        return Error{Errc::corrupt, "prev_hash is not the hash of the event before"};
    }
    if (*event.hash != chain_hash(event, prev_hash)) {
        return Error{Errc::corrupt, "the hash does not fit the event's content"};
    }
    return {};
}

} // namespace sealstream
