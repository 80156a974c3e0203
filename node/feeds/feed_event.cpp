#include "node/feeds/feed_event.hpp"

#include "node/feeds/aggregate_json.hpp"
#include "node/feeds/event_json.hpp"
#include "node/feeds/feed_filter.hpp"
#include "node/feeds/text_frame.hpp"

namespace sealstream {

namespace {

std::string make_sse(const StoredEvent& stored, EventFormat format)
{
    std::string text{"id: "};
    text.append(std::to_string(stored.position.value)).append("\nevent: ");
    text.append(stored.event.draft.type).append("\ndata: ");
    append_event(text, format, stored.position, stored.ingested, stored.event);
    return text.append("\n\n");
}

std::string make_line(const StoredEvent& stored, EventFormat format)
{
    std::string line{R"({"type":"event","cursor":")"};
    line.append(std::to_string(stored.position.value)).append(R"(","event":)");
    append_event(line, format, stored.position, stored.ingested, stored.event);
    line.push_back('}');
    return line;
}

std::string in_frame(std::string_view payload)
{
    std::string frame;
    frame.reserve(payload.size() + 10);
    append_socket_frame(frame, text_opcode, payload);
    return frame;
}

std::string make_text(const StoredEvent& stored, FeedForm form)
{
    switch (form) {
    case FeedForm::sse:
        return make_sse(stored, EventFormat::sealstream);
    case FeedForm::line:
        return make_line(stored, EventFormat::sealstream) + '\n';
    case FeedForm::socket:
        return in_frame(make_line(stored, EventFormat::sealstream));
    case FeedForm::sse_cloud:
        return make_sse(stored, EventFormat::cloudevents);
    case FeedForm::line_cloud:
        return make_line(stored, EventFormat::cloudevents) + '\n';
    case FeedForm::socket_cloud:
        return in_frame(make_line(stored, EventFormat::cloudevents));
    case FeedForm::aggregate:
        break;
    }
    return in_frame(aggregate_json(stored));
}

} // namespace

FeedEvent::FeedEvent(StoredEvent stored, std::size_t record_bytes, std::string payload_key)
    : stored_{std::move(stored)},
      record_bytes_{record_bytes},
      category_{category_of(stored_.event.draft.meta)},
      payload_key_{std::move(payload_key)}
{
}

const std::string& FeedEvent::text(FeedForm form) const
{
    std::string& text = texts_[static_cast<std::size_t>(form)];
    if (text.empty()) {
        text = make_text(stored_, form);
    }
    return text;
}

SharedText shared_text(const FeedEventPtr& event, FeedForm form)
{
    return {event, &event->text(form)};
}

Result<FeedEventPtr> make_feed_event(const StoredRecord& record)
{
    SEAL_TRY(stored, decode_stored(record));
    return FeedEventPtr{std::make_shared<const FeedEvent>(std::move(stored), record.record.size(),
                                                          record.payload_key)};
}

} // namespace sealstream
