#include "tests/node/http/http_world.hpp"

#include "core/base/check.hpp"
#include "core/event/canonical_json.hpp"
#include "node/feeds/event_json.hpp"
#include "node/feeds/feed_filter.hpp"
#include "tests/support/run_task.hpp"

#include <boost/json/serialize.hpp>

namespace sealstream::testing {

namespace {

// Hands out a body in pieces of seven bytes, so that every line is cut somewhere.
class PiecewiseBody final : public http::BodyReader {
public:
    explicit PiecewiseBody(std::string body) : body_{std::move(body)} {}
    Task<Result<std::string_view>> read_some() override
    {
        const auto piece = std::string_view{body_}.substr(at_, 7);
        at_ += piece.size();
        co_return piece;
    }

private:
    std::string body_;
    std::size_t at_{0};
};

bool fits(const EventQuery& query, const Event& event, WallTime ingested)
{
    const FeedFilter filter{query.types, query.stream_type, query.stream_id, query.source,
                            query.actor, query.category,    query.from_time, query.to_time};
    return filter.matches(event, ingested) && (query.key.empty() || event.draft.key == query.key) &&
           event.draft.data.find(query.search) != std::string::npos;
}

} // namespace

Task<Result<Position>> MemoryEventIndex::cursor()
{
    if (failure) {
        co_return *failure;
    }
    const auto reached = co_await standing();
    if (after_cursor) {
        after_cursor();
    }
    co_return reached;
}

Task<Result<Position>> MemoryEventIndex::standing()
{
    const auto head = co_await log_.head();
    if (!head || !stands_at) {
        co_return head;
    }
    co_return std::min(*stands_at, *head);
}

Task<Result<std::vector<IndexedEvent>>> MemoryEventIndex::query(EventQuery query)
{
    ++asked;
    if (failure) {
        co_return *failure;
    }
    const auto reached = co_await standing();
    if (!reached) {
        co_return reached.error();
    }
    if (*reached < query.at_least) {
        co_return Error{Errc::projection_behind, "the index is not there yet"};
    }
    const Position start{};
    const ReadLimits everything{100'000, 1 << 30};
    const auto records = co_await log_.read_from(start, everything);
    if (!records) {
        co_return records.error();
    }
    std::vector<IndexedEvent> found;
    for (const auto& record : *records) {
        auto event = decode_record(record.record);
        const bool is_beyond = query.is_descending
                                   ? query.after.value != 0 && record.position >= query.after
                                   : record.position <= query.after;
        if (event && !is_beyond && record.position <= *reached &&
            fits(query, *event, record.ingested)) {
            found.push_back({record.position, record.ingested, *std::move(event)});
        }
    }
    if (query.is_descending) {
        std::reverse(found.begin(), found.end());
    }
    found.resize(std::min(found.size(), query.events_max));
    co_return found;
}

Task<Result<IndexedEvent>> MemoryEventIndex::find(EventId id, Position at_least)
{
    EventQuery everything;
    everything.events_max = 100'000;
    everything.at_least = at_least;
    auto events = co_await query(std::move(everything));
    if (!events) {
        co_return events.error();
    }
    for (auto& event : *events) {
        if (event.event.draft.id == id) {
            co_return std::move(event);
        }
    }
    co_return Error{Errc::not_found, "no such event"};
}

std::string Got::header(std::string_view name) const
{
    for (const auto& [own_name, value] : own_headers) {
        if (own_name == name) {
            return value;
        }
    }
    for (const auto& header : headers) {
        if (header.name == name) {
            return header.value;
        }
    }
    return {};
}

boost::json::value Got::json() const
{
    const auto value = parse_json(body);
    return value ? *value : boost::json::value{};
}

std::string Got::at(std::string_view pointer) const
{
    const auto value = json();
    boost::system::error_code missing;
    const auto* found = value.find_pointer({pointer.data(), pointer.size()}, missing);
    if (found == nullptr) {
        return {};
    }
    return found->is_string() ? std::string{found->get_string().c_str()}
                              : boost::json::serialize(*found);
}

Task<Result<IdempotencyIndex::Answer>> MemoryIdempotencyIndex::find(std::vector<EventId> ids)
{
    ++asked;
    EventQuery everything;
    everything.events_max = 100'000;
    SEAL_CO_TRY(events, co_await index_.query(std::move(everything)));
    Answer answer;
    for (const IndexedEvent& one : events) {
        const EventId id = one.event.draft.id;
        answer.reached = one.position;
        answer.newest_ingested = one.ingested;
        const bool is_first = std::none_of(answer.found.begin(), answer.found.end(),
                                           [&](const IdPlace& found) { return found.id == id; });
        if (is_first && std::find(ids.begin(), ids.end(), id) != ids.end()) {
            answer.found.push_back({id, one.position});
        }
    }
    co_return answer;
}

WallTime ShiftedClock::wall() const
{
    return WallTime{real_.wall().nanoseconds + shift.count()};
}

Monotonic ShiftedClock::monotonic() const
{
    return real_.monotonic() + shift;
}

HttpWorld::HttpWorld(http::Limits limits, FeedHubOptions hub, MemoryLogOptions log_options)
    : log{context.get_executor(), clock, std::move(log_options)},
      feeds{context.get_executor(), log, hub},
      rules{context.get_executor(), log, rules_clock, {}},
      services{log,     &index, nullptr,   clock, ids,    feeds,
               metrics, health, stop_wish, tasks, limits, http::FeedOptions{}}
{
    services.id_lookup = &id_lookup;
    services.in_flight = &in_flight;
    services.index_watch = &index_watch;
    health.set_started();
    feeds.start(tasks);
    rules.start(tasks);
    services.rules = &rules;
    const auto read = run_task(context, rules.applied(Position{}, std::chrono::seconds{5}));
    SEAL_CHECK(read.has_value(), "an empty log has no rules");
}

HttpWorld::~HttpWorld()
{
    stop();
}

void HttpWorld::stop()
{
    stop_wish.request();
    feeds.close();
    rules.close();
    const std::chrono::seconds longest{5};
    run_task(context, tasks.wait_idle(longest));
}

Task<Got> HttpWorld::answer(Sent sent)
{
    http::RequestHead head;
    head.verb = sent.verb;
    head.set_target(sent.target);
    for (const auto& [name, value] : sent.fields) {
        head.add_field(name, value);
    }
    PiecewiseBody reader{sent.body};
    http::RequestContext request{head, services};
    request.is_local = sent.is_local;
    request.peer = sent.peer;
    request.is_limited = sent.surface == http::Surface::clients;
    request.certificate = sent.certificate ? &*sent.certificate : nullptr;
    request.body = sent.body;
    auto response = http::find_route(request, sent.surface);
    if (response.status != 0) {
        metrics.request_started();
        http::finish(request, response, clock.monotonic());
    } else {
        if (request.route->body == http::BodyMode::bulk &&
            request.content_type() == http::ndjson_type) {
            request.body_reader = &reader;
        }
        response = co_await http::dispatch(request);
    }
    const bool has_own_type = !response.own_content_type.empty();
    Got got{response.status, std::move(response.body),
            has_own_type ? response.own_content_type : std::string{response.content_type},
            std::move(response.headers), std::move(response.own_headers)};
    while (response.stream) {
        const auto piece = co_await response.stream->next();
        if (!piece || piece->empty()) {
            break;
        }
        got.body.append(*piece);
    }
    co_return got;
}

Got HttpWorld::send(Sent sent)
{
    return run_task(context, answer(std::move(sent)));
}

Got HttpWorld::get(std::string target, std::vector<std::pair<std::string, std::string>> fields)
{
    return send({http::Verb::get, std::move(target), std::move(fields)});
}

Got HttpWorld::post(std::string target, std::string body,
                    std::vector<std::pair<std::string, std::string>> fields)
{
    fields.emplace_back("Content-Type", "application/json");
    return send({http::Verb::post, std::move(target), std::move(fields), std::move(body)});
}

Got HttpWorld::post_lines(std::string target, std::string body)
{
    return send({http::Verb::post,
                 std::move(target),
                 {{"Content-Type", "application/x-ndjson"}},
                 std::move(body)});
}

} // namespace sealstream::testing
