// The HTTP front end: listeners, limits, feeds, and how repeats are told.

#include "config/checks.hpp"
#include "config/sections.hpp"

namespace sealstream {

namespace {

using namespace forms;

constexpr std::int64_t gib = std::int64_t{1} << 30;

// host:port into the two fields of a listener.
template <class Host, class Port>
Key listen_key(std::string path, Host host, Port port, std::string help)
{
    Key key{std::move(path), "address:port, port 0 takes a free one", std::move(help)};
    key.set = [=](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        SEAL_TRY(endpoint, parse_endpoint(words.front()));
        host(settings) = endpoint.host;
        port(settings) = endpoint.port;
        return {};
    };
    key.show = [=](const Settings& settings) {
        return to_string(Endpoint{value_of(host, settings), value_of(port, settings)});
    };
    return key;
}

constexpr auto http_option = [](auto member) { return field(&Settings::http, member); };
constexpr auto limit = [](auto member) { return field(&Settings::limits, member); };
constexpr auto feeds = [](auto member) { return field(&Settings::feeds, member); };
constexpr auto lookup = [](auto member) { return field(&Settings::id_lookup, member); };
constexpr auto timeout = [](auto member) {
    return field(&Settings::http, &http::Options::timeouts, member);
};

} // namespace

std::vector<Key> http_keys()
{
    return {
        listen_key("http.listen", http_option(&http::Options::address),
                   http_option(&http::Options::port), "where clients connect"),
        listen_key("http.admin_listen", http_option(&http::Options::admin_address),
                   http_option(&http::Options::admin_port), "where health and metrics are served"),
        number("http.connections_max", http_option(&http::Options::connections_max), 1, 1'000'000,
               "open at once for each listener"),
        number("http.body_bytes_max", limit(&http::Limits::body_bytes_max), 1 << 10, gib,
               "bytes of a request body that is held whole"),
        number("http.event_bytes_max", limit(&http::Limits::event_bytes_max), 1 << 10, 64 << 20,
               "bytes of one event"),
        number("http.json_depth_max", limit(&http::Limits::json_depth_max), 4, 1'000,
               "levels of nesting in an event"),
        number("http.events_max", limit(&http::Limits::events_max), 1, 1'000,
               "events of one append"),
        number("http.transaction_events_max", limit(&http::Limits::transaction_events_max), 1,
               1'000, "events of one transaction, and streams that it writes or checks"),
        number("http.page_events", limit(&http::Limits::page_events), 1, 10'000,
               "events of a page when the reader does not say"),
        number("http.page_events_max", limit(&http::Limits::page_events_max), 1, 10'000,
               "events of a page at most"),
        number("http.page_bytes_max", limit(&http::Limits::page_bytes_max), 1 << 16, gib,
               "bytes of a page, about"),
        number("http.bulk_append_wait_ms", limit(&http::Limits::bulk_append_wait), 0, 600'000,
               "for a busy node, before a line of a bulk fails"),
        number("http.bulk_index_wait_ms", limit(&http::Limits::bulk_index_wait), 0, 600'000,
               "at the start of a bulk with keys, for the index to catch up"),
        number("http.wait_max_s", limit(&http::Limits::wait_max), 1, 600,
               "the longest wait that a reader may ask for"),
        number("http.idle_ms", timeout(&http::Timeouts::idle), 100, day_ms,
               "between two requests of a connection"),
        number("http.header_ms", timeout(&http::Timeouts::header), 100, 600'000,
               "for a request's header to arrive"),
        number("http.body_ms", timeout(&http::Timeouts::body), 100, 600'000,
               "for a request's body to arrive"),
        number("http.write_ms", timeout(&http::Timeouts::write), 100, 600'000,
               "for a client to take what we write"),
        number("http.drain_idle_ms", http_option(&http::Options::drain_idle), 0, 600'000,
               "at a stop: a connection that is silent so long is closed"),
        number("feeds.ring_bytes_max", feeds(&http::FeedOptions::ring_bytes_max), 1 << 16, 4 * gib,
               "bytes of memory for recent events, which all subscribers share"),
        number("feeds.history_readers_max", feeds(&http::FeedOptions::history_readers_max), 1,
               1'000, "readers of history who read a page at the same time; the others wait"),
        number("feeds.credit_events_max", feeds(&http::FeedOptions::credit_events_max), 1,
               1'000'000, "events that a WebSocket may have on the way unacknowledged"),
        number("feeds.heartbeat_ms", feeds(&http::FeedOptions::heartbeat), 100, 600'000,
               "of silence before a subscriber hears that all is well"),
        number("feeds.log_away_ms", feeds(&http::FeedOptions::log_away_max), 1'000, 600'000,
               "without a sign of the log before live feeds end with unavailable; longer than its "
               "servers take to elect a leader"),
    };
}

std::vector<Key> idempotency_keys()
{
    using Lookup = http::IdLookupOptions;
    return {
        number("idempotency.statement_ids_max", lookup(&Lookup::statement_ids_max), 1, 100'000,
               "ids that are looked up by one SQL statement, about"),
        number("idempotency.statements_max", lookup(&Lookup::statements_max), 1, 64,
               "look-ups under way at once"),
        number("idempotency.waiting_ids_max", lookup(&Lookup::waiting_ids_max), 5'000, 10'000'000,
               "ids that wait for their look-up; beyond it the node is overloaded"),
        number("idempotency.tail_events_max", lookup(&Lookup::tail_events_max), 0, 10'000'000,
               "events above a lagging index whose ids a node reads from the log and keeps"),
        number("idempotency.tail_step_events", lookup(&Lookup::tail_step_events), 1, 1'000'000,
               "of them read for one look-up"),
        number("idempotency.in_flight_ids_max", lookup(&Lookup::in_flight_ids_max), 1'000,
               10'000'000, "ids of running requests; beyond it the node is overloaded"),
        number("idempotency.clock_age_ms", lookup(&Lookup::clock_age_max), 10, 600'000,
               "before the log's clock is asked again"),
    };
}

} // namespace sealstream
