#include "node/http/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <sstream>

namespace sealstream::http {

namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::Registry;

const Histogram::BucketBoundaries latency_seconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                  0.1,    0.25,  0.5,    1,     2.5,  5,     10};

constexpr std::array<const char*, 8> append_results{"ok",     "duplicate",   "conflict", "invalid",
                                                    "denied", "unavailable", "unknown",  "error"};
constexpr std::array<const char*, 7> rejections{"overload",  "body_too_large", "header_too_large",
                                                "timeout",   "bad_framing",    "auth",
                                                "rate_limit"};
constexpr std::array<const char*, 4> transports{"sse", "long_poll", "ndjson", "websocket"};
constexpr std::array<const char*, 5> feed_ends{"client", "slow", "drain", "error", "access"};

double seconds(std::chrono::nanoseconds took)
{
    return std::chrono::duration<double>(took).count();
}

Family<Counter>& counter(Registry& registry, const char* name, const char* help)
{
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Gauge>& gauge(Registry& registry, const char* name, const char* help)
{
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

Family<Histogram>& histogram(Registry& registry, const char* name, const char* help)
{
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

template <std::size_t count>
std::array<Counter*, count> each(Family<Counter>& family, const char* label,
                                 const std::array<const char*, count>& values)
{
    std::array<Counter*, count> counters{};
    for (std::size_t at = 0; at < count; ++at) {
        counters[at] = &family.Add({{label, values[at]}});
    }
    return counters;
}

template <class Kind>
std::size_t index(Kind kind)
{
    return static_cast<std::size_t>(kind);
}

} // namespace

struct HttpMetrics::Series {
    struct Route {
        std::string name;
        std::string method;
        std::map<int, Counter*> by_status;
        Histogram* duration{nullptr};
    };

    explicit Series(Registry& to)
        : registry{to},
          requests{counter(to, "sealstream_http_requests_total", "Requests answered.")},
          durations{histogram(to, "sealstream_http_request_duration_seconds",
                              "From the whole request read to the answer made.")},
          in_flight{
              gauge(to, "sealstream_http_requests_in_flight", "Requests being answered.").Add({})},
          rejected{each(counter(to, "sealstream_http_rejected_total",
                                "Requests refused before a handler saw them."),
                        "reason", rejections)},
          append_results_total{
              each(counter(to, "sealstream_appends_total", "Appends by what became of them."),
                   "result", append_results)},
          append_events{counter(to, "sealstream_append_events_total", "Events appended.").Add({})},
          append_bytes{
              counter(to, "sealstream_append_bytes_total", "Payload bytes of appended events.")
                  .Add({})},
          append_duration{histogram(to, "sealstream_append_duration_seconds",
                                    "From handing an append to the log to its acknowledgement.")
                              .Add({{"stage", "publish_ack"}}, latency_seconds)},
          replays{counter(to, "sealstream_idempotent_replays_total",
                          "Appends that were repeats of earlier ones.")
                      .Add({})},
          refused{counter(to, "sealstream_rejected_events_total",
                          "Events that a rule has kept out of the log.")},
          ring_bytes{
              gauge(to, "sealstream_feed_ring_bytes", "Recent events held for live subscribers.")
                  .Add({})},
          ring_position{gauge(to, "sealstream_feed_ring_position",
                              "Newest position that live subscribers have been offered.")
                            .Add({})},
          feed_silence{gauge(to, "sealstream_feed_log_silence_seconds",
                             "Since live feeds last heard of the log; 0 while nobody listens.")
                           .Add({})}
    {
        auto& open = gauge(to, "sealstream_http_connections", "Open connections.");
        auto& total = counter(to, "sealstream_http_connections_total", "Connections accepted.");
        connections = {&open.Add({{"listener", "public"}}), &open.Add({{"listener", "admin"}})};
        connections_total = {&total.Add({{"listener", "public"}}),
                             &total.Add({{"listener", "admin"}})};
        auto& active = gauge(to, "sealstream_subscribers", "Live subscribers.");
        auto& ended = counter(to, "sealstream_subscriber_disconnects_total",
                              "Subscriptions ended, by reason.");
        for (std::size_t at = 0; at < transports.size(); ++at) {
            subscribers[at] = &active.Add({{"transport", transports[at]}});
            for (std::size_t end = 0; end < feed_ends.size(); ++end) {
                disconnects[at][end] =
                    &ended.Add({{"transport", transports[at]}, {"reason", feed_ends[end]}});
            }
        }
    }

    Counter& of(Route& route, int status)
    {
        const auto known = route.by_status.find(status);
        if (known != route.by_status.end()) {
            return *known->second;
        }
        Counter& added = requests.Add(
            {{"route", route.name}, {"method", route.method}, {"status", std::to_string(status)}});
        route.by_status[status] = &added;
        return added;
    }

    void add(const RouteLabel& label)
    {
        Route route{std::string{label.route}, std::string{label.method}, {}, nullptr};
        route.duration =
            &durations.Add({{"route", route.name}, {"method", route.method}}, latency_seconds);
        for (const int status : {label.usual_status, 400, 503}) {
            of(route, status);
        }
        routes.push_back(std::move(route));
    }

    Registry& registry;
    Family<Counter>& requests;
    Family<Histogram>& durations;
    Gauge& in_flight;
    std::array<Counter*, 7> rejected;
    std::array<Counter*, 8> append_results_total;
    Counter& append_events;
    Counter& append_bytes;
    Histogram& append_duration;
    Counter& replays;
    Family<Counter>& refused;
    Gauge& ring_bytes;
    Gauge& ring_position;
    Gauge& feed_silence;
    std::array<Gauge*, 2> connections{};
    std::array<Counter*, 2> connections_total{};
    std::array<Gauge*, transports.size()> subscribers{};
    std::array<std::array<Counter*, feed_ends.size()>, transports.size()> disconnects{};
    std::mutex statuses; // guards the routes
    std::vector<Route> routes;
    std::size_t no_route{0};
};

HttpMetrics::HttpMetrics(Registry& registry, const std::vector<RouteLabel>& routes)
    : series_{std::make_unique<Series>(registry)}
{
    for (const Errc code : {Errc::emission_refused, Errc::forbidden, Errc::schema_violation}) {
        series_->refused.Add({{"code", std::string{name(code)}}});
    }
    auto all = routes;
    all.push_back({"none", "OTHER", 404});
    series_->no_route = routes.size();
    for (const RouteLabel& label : all) {
        series_->add(label);
    }
}

HttpMetrics::~HttpMetrics() = default;

std::size_t HttpMetrics::add_route(const RouteLabel& label)
{
    const std::lock_guard lock{series_->statuses};
    auto& routes = series_->routes;
    const auto known = std::find_if(routes.begin(), routes.end(), [&label](const auto& route) {
        return route.name == label.route && route.method == label.method;
    });
    const auto number = static_cast<std::size_t>(known - routes.begin());
    if (known == routes.end()) {
        series_->add(label);
    }
    return number;
}

void HttpMetrics::request_started()
{
    series_->in_flight.Increment();
}

void HttpMetrics::request_finished(std::size_t route, int status, std::chrono::nanoseconds took)
{
    series_->in_flight.Decrement();
    const std::lock_guard lock{series_->statuses};
    auto& labelled = series_->routes[route < series_->routes.size() ? route : series_->no_route];
    labelled.duration->Observe(seconds(took));
    series_->of(labelled, status).Increment();
}

void HttpMetrics::request_rejected(Rejection reason)
{
    series_->rejected[index(reason)]->Increment();
}

void HttpMetrics::connection_opened(bool is_admin)
{
    series_->connections[is_admin ? 1U : 0U]->Increment();
    series_->connections_total[is_admin ? 1U : 0U]->Increment();
}

void HttpMetrics::connection_closed(bool is_admin)
{
    series_->connections[is_admin ? 1U : 0U]->Decrement();
}

void HttpMetrics::appended(AppendResult result, std::size_t events, std::size_t bytes,
                           std::chrono::nanoseconds took)
{
    series_->append_results_total[index(result)]->Increment();
    series_->append_duration.Observe(seconds(took));
    if (result == AppendResult::ok) {
        series_->append_events.Increment(static_cast<double>(events));
        series_->append_bytes.Increment(static_cast<double>(bytes));
    }
}

void HttpMetrics::replayed()
{
    series_->replays.Increment();
}

void HttpMetrics::refused(Errc code)
{
    series_->refused.Add({{"code", std::string{name(code)}}}).Increment();
}

void HttpMetrics::subscriber_started(Transport transport)
{
    series_->subscribers[index(transport)]->Increment();
}

void HttpMetrics::subscriber_ended(Transport transport, FeedEnd reason)
{
    series_->subscribers[index(transport)]->Decrement();
    series_->disconnects[index(transport)][index(reason)]->Increment();
}

void HttpMetrics::feed_ring(std::size_t bytes, std::uint64_t position,
                            std::chrono::nanoseconds silence)
{
    series_->ring_bytes.Set(static_cast<double>(bytes));
    series_->ring_position.Set(static_cast<double>(position));
    series_->feed_silence.Set(std::chrono::duration<double>{silence}.count());
}

std::string HttpMetrics::text() const
{
    std::ostringstream out;
    prometheus::TextSerializer{}.Serialize(out, series_->registry.Collect());
    return std::move(out).str();
}

} // namespace sealstream::http
