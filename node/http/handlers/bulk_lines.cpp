// NDJSON bulk: lines are read in waves, each wave is appended, its results are written. Results are
// held back until the request has been read or they have grown large, because many clients do not
// read while they write.

#include "node/http/admission.hpp"
#include "node/http/event_body.hpp"
#include "node/http/handlers/appending.hpp"
#include "node/http/handlers/bulk.hpp"
#include "node/http/line_reader.hpp"
#include "node/http/problem.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

constexpr std::size_t wave_events_max = 4096;
constexpr std::size_t wave_bytes_max = 4 << 20;

struct Summary {
    std::uint64_t lines{0};
    std::uint64_t appended{0};
    std::uint64_t repeated{0};
    std::uint64_t failed{0};
};

// What follows would only wait and fail as well, or come into its stream before this.
bool is_hopeless(const Error& error)
{
    return info(error.code).is_retryable || error.code == Errc::unauthenticated;
}

class LineAppender final : public BodyStream {
public:
    LineAppender(RequestContext& request, std::string source, std::optional<StreamName> stream,
                 bool shows_only_errors)
        : request_{request},
          services_{request.services()},
          lines_{*request.body_reader, request.services().limits.event_bytes_max * 2},
          source_{std::move(source)},
          stream_{std::move(stream)},
          shows_only_errors_{shows_only_errors}
    {
    }

    Task<Result<std::string>> next() override
    {
        std::string out;
        while (!is_at_end_ && out.size() < services_.limits.bulk_results_bytes_max) {
            auto items = co_await read_wave();
            if (!has_caught_up_ && has_keys(items)) {
                has_caught_up_ = true;
                co_await let_index_catch_up(services_);
            }
            auto appender = appender_of(request_);
            items = co_await append_items(services_, std::move(items), std::move(appender));
            write_results(items, out);
        }
        if (is_at_end_ && !has_summed_up_) {
            has_summed_up_ = true;
            out.append(summary());
        }
        co_return out;
    }

private:
    Task<std::vector<BulkItem>> read_wave()
    {
        std::vector<EventInput> events;
        std::vector<BulkItem> items;
        numbers_.clear();
        // A wave is what has arrived: a client that trickles lines does not wait for a wave to
        // fill.
        std::size_t bytes = 0;
        while (items.size() < wave_events_max && bytes < wave_bytes_max &&
               (items.empty() || lines_.has_line())) {
            const auto line = co_await lines_.next();
            if (!line || !*line) {
                is_at_end_ = true;
                if (!line) {
                    is_complete_ = false;
                    items.push_back(failed_item(line.error()));
                    events.emplace_back();
                    numbers_.push_back(lines_.line_number());
                }
                break;
            }
            if ((*line)->empty()) {
                continue;
            }
            bytes += (*line)->size();
            auto event = parse_line(**line, stream_, services_.limits);
            items.push_back(event ? BulkItem{} : failed_item(event.error()));
            events.push_back(event ? *std::move(event) : EventInput{});
            numbers_.push_back(lines_.line_number());
        }
        request_.charge(security::Resource::bytes, bytes);
        complete(events, source_, {}, services_.ids);
        for (std::size_t at = 0; at < items.size(); ++at) {
            if (!items[at].error) {
                items[at].has_fresh_id = events[at].has_fresh_id();
                items[at].stream = stream_ ? *stream_ : std::move(events[at].stream);
                const auto admitted =
                    admit_draft(request_, items[at].stream.type, events[at].draft);
                if (admitted) {
                    items[at].draft = std::move(events[at].draft);
                } else {
                    items[at].reason = admitted.error().context; // one of our sentences
                    items[at].error = admitted.error();
                }
            }
        }
        co_return items;
    }

    static bool has_keys(const std::vector<BulkItem>& items)
    {
        return std::any_of(items.begin(), items.end(),
                           [](const BulkItem& item) { return item.draft && !item.has_fresh_id; });
    }

    static BulkItem failed_item(Error error)
    {
        BulkItem item;
        item.reason = error.context; // about the client's own line
        item.error = std::move(error);
        return item;
    }

    void write_results(const std::vector<BulkItem>& items, std::string& out)
    {
        for (std::size_t at = 0; at < items.size(); ++at) {
            const BulkItem& item = items[at];
            ++summary_.lines;
            summary_.appended += item.placed && !item.is_repeat ? 1U : 0U;
            summary_.repeated += item.placed && item.is_repeat ? 1U : 0U;
            summary_.failed += item.error ? 1U : 0U;
            if (item.error && is_hopeless(*item.error)) {
                is_at_end_ = true;
                is_complete_ = false;
            }
            if (item.error || !shows_only_errors_) {
                out.append("{\"line\":\"").append(std::to_string(numbers_[at])).append("\",");
                append_item_members(out, item);
                out.push_back('\n');
            }
        }
    }

    [[nodiscard]] std::string summary() const
    {
        return "{\"summary\":{\"lines\":\"" + std::to_string(summary_.lines) +
               "\",\"appended\":\"" + std::to_string(summary_.appended) + "\",\"repeated\":\"" +
               std::to_string(summary_.repeated) + "\",\"failed\":\"" +
               std::to_string(summary_.failed) +
               "\",\"is_complete\":" + (is_complete_ ? "true" : "false") + "}}\n";
    }

    const RequestContext& request_;
    Services& services_;
    LineReader lines_;
    std::string source_;
    std::optional<StreamName> stream_;
    bool shows_only_errors_;
    std::vector<std::uint64_t> numbers_; // of the lines of this wave
    Summary summary_;
    bool has_caught_up_{false};
    bool is_at_end_{false};
    bool is_complete_{true};
    bool has_summed_up_{false};
};

} // namespace

Response append_lines(RequestContext& request, std::string source, std::optional<StreamName> stream,
                      bool is_conditional)
{
    if (is_conditional) {
        return bad_input(Error{Errc::malformed,
                               "NDJSON is appended in several steps, so a condition or one key for "
                               "all can not hold; give each line a \"key\", or send a JSON array"});
    }
    const auto query = request.query();
    if (!query) {
        return bad_input(query.error());
    }
    const auto allowed = query->check("results");
    if (!allowed) {
        return bad_input(allowed.error());
    }
    const auto results = query->get("results");
    if (!results.empty() && results != "errors" && results != "all") {
        return bad_input(Error{Errc::malformed, "results is \"all\" or \"errors\""});
    }
    Response response;
    response.content_type = ndjson_type;
    response.header("Cache-Control", "no-store");
    response.stream = std::make_unique<LineAppender>(request, std::move(source), std::move(stream),
                                                     results == "errors");
    return response;
}

} // namespace sealstream::http
