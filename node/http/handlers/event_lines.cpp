#include "core/base/encoding.hpp"
#include "node/feeds/event_json.hpp"
#include "node/http/handlers/streaming.hpp"

namespace sealstream::http {

namespace {

class EventLines final : public BodyStream {
public:
    EventLines(const RequestContext& request, std::optional<StreamName> stream, std::uint64_t after,
               std::optional<std::size_t> events_max, EventFormat format)
        : services_{request.services()},
          caller_{services_, request.caller_ptr()},
          stream_{std::move(stream)},
          cursor_{after},
          events_max_{events_max},
          format_{format}
    {
    }

    Task<Result<std::string>> next() override
    {
        if (has_ended_) {
            co_return std::string{};
        }
        const std::size_t left = events_max_ ? *events_max_ - count_ : page_events;
        const ReadLimits limits{std::min(left, page_events), services_.limits.page_bytes_max};
        std::vector<StoredRecord> records;
        if (left != 0 && !services_.stop.requested()) {
            auto read = co_await read_page(limits);
            if (!read) {
                co_return read.error();
            }
            records = *std::move(read);
        }
        if (const auto lapse = caller_.lapse()) {
            has_ended_ = true;
            co_return mark_text(FeedFraming::lines, mark_of(*lapse), Position{cursor_});
        }
        std::string lines;
        for (const StoredRecord& record : records) {
            SEAL_CO_TRY(event, decode_stored(record));
            append_event(lines, format_, event.position, event.ingested, event.event);
            lines.push_back('\n');
            cursor_ = stream_ ? event.event.version.value : event.position.value;
        }
        count_ += records.size();
        digest_.update(as_bytes(lines));
        if (records.empty()) {
            has_ended_ = true;
            lines = trailer();
        }
        co_return lines;
    }

private:
    static constexpr std::size_t page_events = 1000;

    Task<Result<std::vector<StoredRecord>>> read_page(ReadLimits limits)
    {
        if (stream_) {
            const Version after{cursor_};
            co_return co_await services_.log.read_stream(*stream_, after, limits);
        }
        const Position after{cursor_};
        co_return co_await services_.log.read_from(after, limits);
    }

    std::string trailer()
    {
        return "{\"trailer\":{\"count\":\"" + std::to_string(count_) + "\",\"next\":\"" +
               std::to_string(cursor_) + "\",\"sha256\":\"" + to_hex(digest_.finish().view()) +
               "\"}}\n";
    }

    Services& services_;
    CallerWatch caller_;
    std::optional<StreamName> stream_;
    std::uint64_t cursor_;
    std::optional<std::size_t> events_max_;
    EventFormat format_;
    std::size_t count_{0};
    Sha256 digest_;
    bool has_ended_{false};
};

Response lines(std::unique_ptr<BodyStream> stream)
{
    Response response;
    response.content_type = ndjson_type;
    response.header("Cache-Control", "no-store");
    response.header("Vary", "Accept");
    response.stream = std::move(stream);
    return response;
}

} // namespace

Response ledger_lines(const RequestContext& request, Position after,
                      std::optional<std::size_t> events_max, EventFormat format)
{
    return lines(
        std::make_unique<EventLines>(request, std::nullopt, after.value, events_max, format));
}

Response stream_lines(const RequestContext& request, StreamName stream, Version after,
                      std::optional<std::size_t> events_max, EventFormat format)
{
    return lines(
        std::make_unique<EventLines>(request, std::move(stream), after.value, events_max, format));
}

} // namespace sealstream::http
