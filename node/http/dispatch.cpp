#include "node/http/dispatch.hpp"

#include "core/base/encoding.hpp"
#include "core/base/log.hpp"
#include "core/event/digest.hpp"
#include "node/http/admission.hpp"
#include "node/http/packs/served_packs.hpp"
#include "node/http/problem.hpp"

#include <array>
#include <atomic>
#include <exception>

namespace sealstream::http {

namespace {

// HEAD is GET without its body, so routes list only GET.
Verb effective(Verb verb)
{
    return verb == Verb::head ? Verb::get : verb;
}

// The client's own id is kept when it can do no harm in headers, logs and URNs.
bool is_harmless_id(std::string_view id)
{
    constexpr std::size_t bytes_max = 64;
    return !id.empty() && id.size() <= bytes_max &&
           id.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
               std::string_view::npos;
}

std::size_t route_index(const RequestContext& request)
{
    if (request.endpoint != nullptr) {
        return request.endpoint->metrics_number;
    }
    return request.route == nullptr ? routes().size()
                                    : static_cast<std::size_t>(request.route - routes().data());
}

void log_request(const RequestContext& request, const Response& response,
                 std::chrono::nanoseconds took)
{
    // A probe that answers 503 has no problem: it says what it is asked for.
    const auto level = response.status < 500 || response.problem == nullptr ? Level::debug
                       : info(response.problem->error.code).is_retryable    ? Level::warn
                                                                            : Level::error;
    log(level, level == Level::debug ? "http.request" : "http.request_failed", "http",
        {{"route", request.route == nullptr ? std::string_view{"none"} : request.route->name},
         {"method", name(request.head().verb)},
         {"status", response.status},
         {"duration_us", took.count() / 1000},
         {"request_id", request.request_id},
         {"reason", response.problem ? describe(response.problem->error) : std::string{}}});
}

Result<void> check_query(const RequestContext& request)
{
    if (request.endpoint != nullptr) {
        return {}; // a pack says itself which parameters its routes take
    }
    SEAL_TRY(query, request.query());
    return query.check(request.route->query);
}

} // namespace

std::string make_request_id()
{
    static const std::uint64_t process = [] {
        std::array<std::byte, 8> random{};
        fill_random(random);
        return read_big_endian<std::uint64_t>(random);
    }();
    static std::atomic<std::uint64_t> count{0};
    Bytes bytes;
    append_big_endian(bytes, process + count.fetch_add(1, std::memory_order_relaxed));
    return to_hex(bytes);
}

Response find_route(RequestContext& request, Surface surface)
{
    Response response;
    response.status = 0;
    const auto path = request.path();
    const Verb verb = effective(request.head().verb);
    std::string allowed;
    const Route* own = nullptr;
    for (const Route& route : routes()) {
        PathParameters parameters;
        if (route.surface != surface || !matches(route.pattern, path, parameters)) {
            continue;
        }
        if (route.verb == verb) {
            own = &route;
            request.parameters = parameters;
            break;
        }
        allow(allowed, route.verb);
    }
    request.packs = request.services().packs;
    const bool may_be_of_pack = own == nullptr || gives_way(*own);
    if (may_be_of_pack && surface == Surface::clients && request.packs != nullptr) {
        request.endpoint = request.packs->find(verb, path, request.parameters, allowed);
    }
    request.route = request.endpoint != nullptr ? &request.endpoint->route : own;
    if (request.route != nullptr) {
        return response;
    }
    if (allowed.empty()) {
        response = problem(Error{Errc::not_found, "no such path"});
        response.problem->explanation =
            request.head().path().starts_with("/ledgers/")
                ? "No endpoint or no ledger has this path; see GET "
                  "/.well-known/openapi"
                : "No endpoint has this path; see GET /.well-known/openapi";
        return response;
    }
    response = refusal(405, "method_not_allowed", "This path answers to " + allowed + " only.");
    response.header("Allow", std::move(allowed));
    return response;
}

Task<Response> dispatch(RequestContext& request)
{
    const auto began = request.services().clock.monotonic();
    request.services().metrics.request_started();
    const auto given = request.field("x-request-id");
    request.request_id = is_harmless_id(given) ? std::string{given} : make_request_id();
    Response response;
    std::string thrown;
    if (!request.is_admitted()) {
        auto admitted = admit(request);
        if (!admitted) {
            response = not_admitted(request, std::move(admitted).error());
            finish(request, response, began);
            co_return response;
        }
    }
    request.charge(security::Resource::bytes, request.body.size());
    if (const auto checked = check_query(request); !checked) {
        response = bad_input(checked.error());
        finish(request, response, began);
        co_return response;
    }
    try {
        response = co_await request.route->handler(request);
    } catch (const std::exception& exception) {
        // A handler does not throw; what does (bad_alloc, a library) costs this request, not the
        // node.
        thrown = exception.what();
    }
    if (!thrown.empty()) {
        response = problem(Error{Errc::internal, std::move(thrown)});
    }
    finish(request, response, began);
    co_return response;
}

void finish(const RequestContext& request, Response& response, Monotonic began)
{
    const auto took = request.services().clock.monotonic() - began;
    if (response.problem != nullptr) {
        if (response.problem->error.code == Errc::forbidden) {
            request.services().gate->count(security::Refusal::role);
        }
        render_problem(response, request.request_id);
    }
    response.header("X-Request-Id", request.request_id);
    add_rate_fields(request, response);
    request.services().metrics.request_finished(route_index(request), response.status, took);
    if (response.status >= 500 || is_logged(Level::debug)) {
        log_request(request, response, took);
    }
}

} // namespace sealstream::http
