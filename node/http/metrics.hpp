#pragma once

// What the HTTP front end counts. The .cpp holds every name and help text; callers can not spell a
// label. All values exist, at zero, from the start. Safe from any thread.

#include "core/base/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Registry;
}

namespace sealstream::http {

enum class AppendResult : std::uint8_t {
    ok,
    duplicate,
    conflict,
    invalid,
    denied,
    unavailable,
    unknown,
    error
};
enum class Rejection : std::uint8_t {
    overload,
    body_too_large,
    header_too_large,
    timeout,
    bad_framing,
    auth,
    rate_limit
};
enum class Transport : std::uint8_t { sse, long_poll, ndjson, websocket };
// access: the subscriber's credentials have ended.
enum class FeedEnd : std::uint8_t { client, slow, drain, error, access };

struct RouteLabel {
    std::string_view route;
    std::string_view method;
    int usual_status{200};
};

class HttpMetrics {
public:
    // `routes` in the order of the route table; a number beyond them is a request without route.
    HttpMetrics(prometheus::Registry& registry, const std::vector<RouteLabel>& routes);
    ~HttpMetrics();
    HttpMetrics(const HttpMetrics&) = delete;
    HttpMetrics& operator=(const HttpMetrics&) = delete;

    // A route of a pack; its number for request_finished(). The same label has one number.
    [[nodiscard]] std::size_t add_route(const RouteLabel& label);

    void request_started();
    void request_finished(std::size_t route, int status, std::chrono::nanoseconds took);
    void request_rejected(Rejection reason);
    void connection_opened(bool is_admin);
    void connection_closed(bool is_admin);

    void appended(AppendResult result, std::size_t events, std::size_t bytes,
                  std::chrono::nanoseconds took);
    void replayed();
    void refused(Errc code); // one event, by a rule

    void subscriber_started(Transport transport);
    void subscriber_ended(Transport transport, FeedEnd reason);
    void feed_ring(std::size_t bytes, std::uint64_t position, std::chrono::nanoseconds silence);

    // Prometheus text format 0.0.4 of the whole registry.
    [[nodiscard]] std::string text() const;

private:
    struct Series;
    std::unique_ptr<Series> series_;
};

} // namespace sealstream::http
