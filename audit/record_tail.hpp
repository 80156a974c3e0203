#pragma once

// The few fields of a record that comparing it with its leaf needs, without decoding the rest. In
// both codecs they stand at places that can be found from the ends. A record whose commitment then
// equals the sealed one is, byte for byte, the one that was decoded strictly when it was sealed;
// for any other the caller decodes properly.

#include "core/event/event.hpp"

#include <optional>

namespace sealstream {

struct RecordTail {
    Salt salt{};
    std::string_view stream; // type/id, in the record
    Version version;
    bool is_chained{false};
};

// Nothing when the fields are not where the encoders put them, or the stream's name is written with
// escapes.
[[nodiscard]] std::optional<RecordTail> read_tail(ByteView record);

// Whether the record has a member "id" with this value. In JSON its data might have one too; that
// only matters for who trusts an auditor which seals a wrong id, and finds the event's own id
// beside it.
[[nodiscard]] bool has_id(ByteView record, const EventId& id);

} // namespace sealstream
