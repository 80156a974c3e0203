// The names that dashboards and alerts rely on: a change here is a decision.

#include "node/http/routes.hpp"
#include "tests/support/catch.hpp"

#include <prometheus/registry.h>

#include <set>

using namespace sealstream;

TEST_CASE("the HTTP front end has exactly these metrics", "[http][metrics]")
{
    const std::set<std::string> expected{
        "sealstream_append_bytes_total",
        "sealstream_append_duration_seconds",
        "sealstream_append_events_total",
        "sealstream_appends_total",
        "sealstream_feed_log_silence_seconds",
        "sealstream_feed_ring_bytes",
        "sealstream_feed_ring_position",
        "sealstream_http_connections",
        "sealstream_http_connections_total",
        "sealstream_http_rejected_total",
        "sealstream_http_request_duration_seconds",
        "sealstream_http_requests_in_flight",
        "sealstream_http_requests_total",
        "sealstream_idempotent_replays_total",
        "sealstream_rejected_events_total",
        "sealstream_subscriber_disconnects_total",
        "sealstream_subscribers",
    };
    prometheus::Registry registry;
    const http::HttpMetrics metrics{registry, http::route_labels()};

    std::set<std::string> names;
    for (const auto& family : registry.Collect()) {
        names.insert(family.name);
        CHECK(!family.help.empty());
        CHECK(!family.metric.empty()); // at zero from the start
    }
    CHECK(names == expected);
}
