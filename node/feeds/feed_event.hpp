#pragma once

// An event on its way to many subscribers. Each form that a transport needs is made when it is
// first asked for and then shared: a thousand subscribers cost one formatting.

#include "core/event/event.hpp"

#include <array>
#include <memory>
#include <string>

namespace sealstream {

// Text that several answers write at the same time.
using SharedText = std::shared_ptr<const std::string>;

enum class FeedForm : std::uint8_t {
    sse,       // "id: 7\nevent: T\ndata: {…}\n\n"
    line,      // {"type":"event","cursor":"7","event":{…}}\n
    socket,    // the same without the line's end, as a WebSocket text frame
    sse_cloud, // the same three with the event as a CloudEvent
    line_cloud,
    socket_cloud,
    aggregate, // a WebSocket text frame with the event under the names of /ws/events
};
inline constexpr std::size_t feed_form_count = 7;

class FeedEvent {
public:
    FeedEvent(StoredEvent stored, std::size_t record_bytes, std::string payload_key = {});

    [[nodiscard]] Position position() const noexcept { return stored_.position; }
    [[nodiscard]] WallTime ingested() const noexcept { return stored_.ingested; }
    [[nodiscard]] const Event& event() const noexcept { return stored_.event; }
    [[nodiscard]] const std::string& category() const noexcept { return category_; }
    [[nodiscard]] std::size_t record_bytes() const noexcept { return record_bytes_; }
    // Of a payload that can be forgotten; else empty.
    [[nodiscard]] const std::string& payload_key() const noexcept { return payload_key_; }
    [[nodiscard]] const std::string& text(FeedForm form) const;

    // What it takes of memory at most, with the forms of two transports made.
    [[nodiscard]] std::size_t bytes() const noexcept { return 3 * record_bytes_ + own_bytes; }

private:
    static constexpr std::size_t own_bytes = 1280;

    StoredEvent stored_;
    std::size_t record_bytes_;
    std::string category_;
    std::string payload_key_;
    mutable std::array<std::string, feed_form_count> texts_;
};

// Shared: the ring drops an event while subscribers still write it.
using FeedEventPtr = std::shared_ptr<const FeedEvent>;

// The text keeps its event alive.
[[nodiscard]] SharedText shared_text(const FeedEventPtr& event, FeedForm form);

//   corrupt   the record can not be decoded
[[nodiscard]] Result<FeedEventPtr> make_feed_event(const StoredRecord& record);

} // namespace sealstream
