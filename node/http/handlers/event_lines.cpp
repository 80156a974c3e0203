#include "core/base/encoding.hpp"
#include "node/feeds/catch_up.hpp"
#include "node/feeds/event_json.hpp"
#include "node/http/handlers/log_span.hpp"
#include "node/http/handlers/streaming.hpp"

namespace sealstream::http {

namespace {

constexpr std::chrono::seconds replica_patience{5}; // for one that is behind what was appended
constexpr std::chrono::milliseconds replica_pause{50};

class EventLines final : public BodyStream {
public:
    EventLines(const RequestContext& request, std::optional<StreamName> stream, FeedFilter filter,
               std::uint64_t after, std::optional<std::size_t> events_max, EventFormat format)
        : services_{request.services()},
          caller_{services_, request.caller_ptr()},
          span_{services_.log, std::move(stream)},
          filter_{std::move(filter)},
          history_{services_.log, services_.index, filter_},
          cursor_{after},
          events_max_{events_max},
          format_{format}
    {
    }

    Task<Result<std::string>> next() override
    {
        std::string lines;
        while (lines.empty() && !has_ended_) {
            if (services_.stop.requested()) {
                co_return end_with(FeedMark::draining);
            }
            const std::size_t left = events_max_ ? *events_max_ - count_ : page_events;
            const auto before = cursor_;
            bool is_over = left == 0;
            if (!is_over) {
                const ReadLimits limits{std::min(left, page_events),
                                        services_.limits.page_bytes_max};
                SEAL_CO_TRY(has_more, co_await read_page(limits, lines));
                is_over = !has_more;
            }
            if (const auto lapse = caller_.lapse()) {
                cursor_ = before; // what was read is not handed out
                co_return end_with(mark_of(*lapse));
            }
            digest_.update(as_bytes(lines));
            if (is_over) {
                has_ended_ = true;
                lines = trailer();
            }
        }
        co_return lines;
    }

private:
    static constexpr std::size_t page_events = 1000;

    // Whether there may be more; the end is where the log's leader says that it is.
    Task<Result<bool>> read_page(ReadLimits limits, std::string& lines)
    {
        const auto deadline = std::chrono::steady_clock::now() + replica_patience;
        for (;;) {
            const auto before = cursor_;
            const auto read = co_await read_lines(limits, lines);
            if (!read) {
                co_return read.error();
            }
            if (cursor_ != before) {
                co_return true;
            }
            SEAL_CO_TRY(last, co_await span_.last());
            if (cursor_ >= last || services_.stop.requested()) {
                co_return cursor_ < last;
            }
            if (std::chrono::steady_clock::now() > deadline) {
                co_return Error{Errc::unavailable,
                                "a replica of the log is behind " + std::to_string(last)};
            }
            co_await services_.stop.sleep_for(replica_pause);
        }
    }

    Task<Result<void>> read_lines(ReadLimits limits, std::string& lines)
    {
        const auto turn = co_await services_.feeds.take_history_turn();
        if (span_.stream || filter_.is_empty()) {
            SEAL_CO_TRY(records, co_await span_.read(cursor_, limits));
            for (const StoredRecord& record : records) {
                SEAL_CO_TRY(event, decode_stored(record));
                add(event, lines);
                cursor_ = span_.stream ? event.event.version.value : event.position.value;
            }
            co_return Result<void>{};
        }
        std::vector<FeedEventPtr> events;
        const CatchUpLimits wanted{limits.events_max, limits.bytes_max};
        const Position after{cursor_};
        SEAL_CO_TRY(reached, co_await history_.next(after, wanted, events));
        for (const FeedEventPtr& event : events) {
            add({event->position(), event->ingested(), event->event()}, lines);
        }
        cursor_ = reached.value;
        co_return Result<void>{};
    }

    void add(const StoredEvent& event, std::string& lines)
    {
        append_event(lines, format_, event.position, event.ingested, event.event);
        lines.push_back('\n');
        ++count_;
    }

    std::string end_with(FeedMark mark)
    {
        has_ended_ = true;
        return mark_text(FeedFraming::lines, mark, Position{cursor_});
    }

    std::string trailer()
    {
        return "{\"trailer\":{\"count\":\"" + std::to_string(count_) + "\",\"next\":\"" +
               std::to_string(cursor_) + "\",\"sha256\":\"" + to_hex(digest_.finish().view()) +
               "\"}}\n";
    }

    Services& services_;
    CallerWatch caller_;
    LogSpan span_;
    FeedFilter filter_;
    CatchUp history_;
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

Response ledger_lines(const RequestContext& request, Position after, FeedFilter filter,
                      std::optional<std::size_t> events_max, EventFormat format)
{
    return lines(std::make_unique<EventLines>(request, std::nullopt, std::move(filter), after.value,
                                              events_max, format));
}

Response stream_lines(const RequestContext& request, StreamName stream, Version after,
                      std::optional<std::size_t> events_max, EventFormat format)
{
    return lines(std::make_unique<EventLines>(request, std::move(stream), FeedFilter{}, after.value,
                                              events_max, format));
}

} // namespace sealstream::http
