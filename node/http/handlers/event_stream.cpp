// Server-sent events. Frames:
//
//   id: <position>  event: <type>       data: <event>                     one event
//   id: <position>  event: caught-up    data: {"position":"<position>"}   everything before is
//   history, the rest is live id: <position>  : heartbeat nothing new; the cursor may have moved
//   id: <position>  event: overrun      data: {"position":…}              too slow: connect again
//   from there id: <position>  : draining                                            this node
//   ends: connect again

#include "core/base/log.hpp"
#include "node/feeds/subscription.hpp"
#include "node/http/handlers/streaming.hpp"

namespace sealstream::http {

namespace {

class EventStream final : public BodyStream {
public:
    EventStream(Services& services, Position after, FeedFilter filter, EventFormat format)
        : services_{services},
          format_{format},
          subscription_{services.feeds, after, std::move(filter)}
    {
        services_.metrics.subscriber_started(Transport::sse);
    }

    ~EventStream() override { services_.metrics.subscriber_ended(Transport::sse, end_); }

    Task<Result<std::string>> next() override
    {
        std::string frames;
        if (has_ended_) {
            co_return frames;
        }
        if (!has_begun_) {
            has_begun_ = true;
            frames.append("retry: ");
            frames.append(std::to_string(services_.feed_options.client_retry.count()));
            frames.append("\n\n");
            co_return frames;
        }
        const FeedStepLimits limits{services_.feed_options.batch_events_max,
                                    services_.feed_options.batch_bytes_max,
                                    services_.feed_options.heartbeat};
        const auto step = co_await subscription_.next(limits);
        if (!step) {
            fail(step.error(), frames);
        } else {
            write(*step, frames);
        }
        co_return frames;
    }

private:
    void write(const FeedStep& step, std::string& frames)
    {
        std::size_t bytes = 0;
        for (const FeedEventPtr& event : step.events) {
            bytes += event->json().size() + event->event().draft.type.size() + 64;
        }
        frames.reserve(bytes + 128);
        for (const FeedEventPtr& event : step.events) {
            frames.append("id: ").append(std::to_string(event->position().value));
            frames.append("\nevent: ").append(event->event().draft.type);
            frames.append("\ndata: ");
            if (format_ == EventFormat::sealstream) {
                frames.append(event->json()); // made once for all
            } else {
                append_event(frames, format_, event->position(), event->ingested(), event->event());
            }
            frames.append("\n\n");
        }
        if (step.is_overrun) {
            marker("overrun", frames);
            finish(FeedEnd::slow);
        } else if (step.is_closing) {
            comment("draining", frames);
            finish(FeedEnd::drain);
        } else if (step.events.empty() && step.is_caught_up && !is_caught_up_) {
            is_caught_up_ = true;
            marker("caught-up", frames);
        } else if (step.events.empty()) {
            comment("heartbeat", frames);
        }
    }

    // The client connects again from its cursor; a log that contradicts itself is named.
    void fail(const Error& error, std::string& frames)
    {
        if (info(error.code).is_retryable) {
            comment(name(error.code), frames);
        } else {
            log(Level::error, "feed.failed", "http", {{"reason", describe(error)}});
            marker("fault", frames);
        }
        finish(FeedEnd::error);
    }

    void marker(std::string_view event, std::string& frames) const
    {
        const auto cursor = std::to_string(subscription_.cursor().value);
        frames.append("id: ").append(cursor).append("\nevent: ").append(event);
        frames.append("\ndata: {\"position\":\"").append(cursor).append("\"}\n\n");
    }

    // An id without data moves the client's Last-Event-ID and dispatches nothing.
    void comment(std::string_view text, std::string& frames) const
    {
        frames.append(": ").append(text).append("\nid: ");
        frames.append(std::to_string(subscription_.cursor().value)).append("\n\n");
    }

    void finish(FeedEnd end)
    {
        end_ = end;
        has_ended_ = true;
    }

    Services& services_;
    EventFormat format_;
    Subscription subscription_;
    FeedEnd end_{FeedEnd::client};
    bool has_begun_{false};
    bool has_ended_{false};
    bool is_caught_up_{false};
};

} // namespace

Response event_stream(Services& services, Position after, FeedFilter filter, EventFormat format)
{
    Response response;
    response.content_type = event_stream_type;
    response.header("Cache-Control", "no-cache, no-transform");
    response.header("X-Accel-Buffering", "no");
    response.header("Vary", "Accept");
    response.stream = std::make_unique<EventStream>(services, after, std::move(filter), format);
    return response;
}

} // namespace sealstream::http
