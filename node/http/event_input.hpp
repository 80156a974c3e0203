#pragma once

// Events as clients write them:
//
//   {"type":"TokensTransferred", "id"?, "data"?, "meta"?, "time"?, "actor"?, "key"?, "stream"?}
//
// Anything else in the object is refused, because a misspelt member would be lost for ever. Every
// error carries a JSON Pointer.

#include "core/event/event.hpp"
#include "node/http/options.hpp"

#include <boost/json/value.hpp>

#include <vector>

namespace sealstream::http {

[[nodiscard]] inline std::string_view view(const boost::json::string& text)
{
    return {text.data(), text.size()};
}

// What is wrong with the member at `pointer` of a body.
[[nodiscard]] inline Error fault_at(Errc code, std::string context, std::string pointer)
{
    return Error{code, std::move(context), std::move(pointer)};
}

struct EventInput {
    Draft draft; // source, salt, and where the client gave none the id, are still to be filled in
    bool has_id{false};
    StreamName stream; // only where the form has "stream"

    // After complete(): the node made the id just now, so no repeat is possible.
    [[nodiscard]] bool has_fresh_id() const { return !has_id && draft.key.empty(); }
};

enum class EventForm : std::uint8_t { of_one_stream, mixed };

// One event, or an array of 1 to limits.events_max; in `mixed` form each names its stream.
//   malformed, bad_name, too_large, … with a pointer
[[nodiscard]] Result<std::vector<EventInput>> parse_events(std::string_view body, EventForm form,
                                                           const Limits& limits);
// Exactly one object.
[[nodiscard]] Result<EventInput> parse_event(const boost::json::value& value, EventForm form,
                                             const Limits& limits);

// Fills in source, key, id and salt. An event with a key gets the id that source and key determine,
// so that a repeat is recognised by its id. `key` is that of the whole request, for the events that
// have neither an id nor a key of their own: the first of them gets the id of `key` itself,
// whatever follows it, so that another request with the key always meets this one; the number of
// events stands in the keys.
void complete(std::vector<EventInput>& events, const std::string& source, std::string_view key,
              EventIdSource& ids);

} // namespace sealstream::http
