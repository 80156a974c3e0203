#pragma once

// What subscribers are told besides events. Every frame carries the cursor to come back with.
//
//              server-sent events                         lines and WebSocket messages
//   caught-up  event: caught-up  data: {"position":"7"}   {"type":"caught-up","cursor":"7"}
//   heartbeat  : heartbeat  id: 7                         {"type":"heartbeat","cursor":"7"}
//   draining   : draining  id: 7                          {"type":"error",…"code":"draining",…}
//   away       : unavailable  id: 7                       {"type":"error",…"code":"unavailable",…}
//   overrun    event: overrun  data: {"position":"7"}     {"type":"error",…"code":"overrun",…}
//   fault      event: fault  data: {"position":"7"}       {"type":"error",…"code":"corrupt",…}
//   token_expired, key_withdrawn, certificate_expired
//              event: token-expired  data: … {"type":"error",…"code":"token_expired",…}

#include "node/feeds/event_json.hpp"
#include "node/feeds/feed_event.hpp"
#include "node/http/metrics.hpp"
#include "node/security/caller.hpp"

namespace sealstream::http {

enum class FeedMark : std::uint8_t {
    caught_up,
    heartbeat,
    overrun,
    draining,
    away,
    fault,
    token_expired,
    key_withdrawn,
    certificate_expired
};
// aggregate: the frames of /ws/events, which has a ping instead of each mark.
enum class FeedFraming : std::uint8_t { sse, lines, socket, aggregate };

[[nodiscard]] FeedMark mark_of(security::Lapse lapse);
[[nodiscard]] FeedForm form_of(FeedFraming framing, EventFormat format);
[[nodiscard]] Transport transport_of(FeedFraming framing);
// Empty where the framing has none.
[[nodiscard]] std::string mark_text(FeedFraming framing, FeedMark mark, Position cursor);

// Whether the feed ends with this frame, and how that is counted.
[[nodiscard]] bool is_end(FeedMark mark);
[[nodiscard]] FeedEnd end_of(FeedMark mark);
// "overrun", "draining", "unavailable", "corrupt", "token_expired", "key_withdrawn",
// "certificate_expired"; empty for what is no end.
[[nodiscard]] std::string_view code_of(FeedMark mark);

} // namespace sealstream::http
