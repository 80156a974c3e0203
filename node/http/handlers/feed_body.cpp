// Feeds that are the body of an answer: server-sent events and lines. The frames are in
// feed_frames.hpp.

#include "node/http/handlers/feed_course.hpp"
#include "node/http/handlers/streaming.hpp"

namespace sealstream::http {

namespace {

class FeedBody final : public BodyStream {
public:
    FeedBody(Services& services, FeedFraming framing, FeedWish wish)
        : events_max_{services.feed_options.batch_events_max},
          course_{services, framing, std::move(wish)}
    {
        if (framing == FeedFraming::sse) {
            hello_ =
                "retry: " + std::to_string(services.feed_options.client_retry.count()) + "\n\n";
        }
    }

    Task<Result<std::string>> next() override
    {
        const auto pieces = co_await next_pieces();
        std::string text;
        for (const auto& piece : *pieces) {
            text.append(*piece);
        }
        co_return text;
    }

    Task<Result<Pieces>> next_pieces() override
    {
        Pieces pieces;
        if (!hello_.empty()) {
            pieces.push_back(std::make_shared<const std::string>(std::move(hello_)));
            hello_.clear();
        }
        while (pieces.empty() && !course_.has_ended()) {
            pieces = co_await course_.next(events_max_);
        }
        co_return pieces;
    }

    void is_too_slow() noexcept override { course_.is_too_slow(); }

private:
    std::string hello_;
    std::size_t events_max_;
    FeedCourse course_;
};

} // namespace

Response feed_answer(RequestContext& request, FeedWish wish)
{
    const bool is_lines = request.accepts(ndjson_type) && !request.accepts(event_stream_type);
    const auto framing = is_lines ? FeedFraming::lines : FeedFraming::sse;
    Response response;
    response.content_type = is_lines ? ndjson_type : event_stream_type;
    response.header("Cache-Control", "no-cache, no-transform");
    response.header("X-Accel-Buffering", "no");
    response.header("Vary", "Accept");
    response.stream = std::make_unique<FeedBody>(request.services(), framing, std::move(wish));
    return response;
}

} // namespace sealstream::http
