// Invariants
//   1. An answer is written completely before the next request is looked at.
//   2. A connection is used again only when the request before was read to its end.
//   3. While a deadline is set, exactly one socket operation is pending (after an upgrade: a write,
//   and
//      perhaps a read, which is worth nothing without it); the sweep cancels that.

#include "node/http/session.hpp"

#include "core/base/log.hpp"
#include "node/http/admission.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

namespace {

using Clock = std::chrono::steady_clock;
using boost::asio::ip::tcp;

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::size_t head_read_bytes = 16 << 10;  // one read of a header
constexpr std::size_t read_body_bytes = 128 << 10; // one read of a body
constexpr std::size_t kept_bytes_max = 1 << 20;    // a buffer that grew beyond is given back
constexpr std::size_t bytes_per_second_min = 1024; // of a body

} // namespace

Session::Session(tcp::socket socket, SessionShared& shared)
    : socket_{std::move(socket)},
      shared_{shared},
      place_{shared_.sessions.insert(shared_.sessions.end(), this)}
{
    boost::system::error_code ignored;
    socket_.set_option(tcp::no_delay{true}, ignored);
    socket_.non_blocking(true, ignored);
    if (shared_.certificates != nullptr) {
        tls_ = std::make_unique<security::TlsChannel>(socket_, *shared_.certificates->current());
    }
    const auto address = socket_.remote_endpoint(ignored).address();
    is_local_ = address.is_loopback();
    peer_ = address.to_string();
    ++shared_.connections_of[peer_];
    shared_.services.metrics.connection_opened(shared_.surface == Surface::operators);
}

Session::~Session()
{
    shared_.sessions.erase(place_);
    const auto mine = shared_.connections_of.find(peer_);
    if (--mine->second == 0) {
        shared_.connections_of.erase(mine);
    }
    shared_.services.metrics.connection_closed(shared_.surface == Surface::operators);
}

Task<void> Session::run()
{
    bool goes_on = true;
    if (tls_ != nullptr) {
        goes_on = co_await shake_hands();
    }
    while (goes_on) {
        goes_on = co_await serve_one();
    }
    if (tls_ != nullptr) {
        tls_->close_sending();
    }
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
}

void Session::enter(Phase phase, std::chrono::milliseconds longest)
{
    phase_ = phase;
    has_timed_out_ = false;
    entered_ = Clock::now();
    deadline_ = entered_ + longest;
}

void Session::sweep(Monotonic now, bool is_draining)
{
    boost::system::error_code ignored;
    const bool is_waiting = phase_ == Phase::idle || phase_ == Phase::streaming;
    const bool is_silent =
        is_draining && is_waiting && now - entered_ >= shared_.options.drain_idle &&
        socket_.available(ignored) == 0 && (tls_ == nullptr || !tls_->has_pending());
    if (now < deadline_ && !is_silent) {
        return;
    }
    has_timed_out_ = true;
    deadline_ = Monotonic::max();
    socket_.cancel(ignored);
}

void Session::cut() noexcept
{
    boost::system::error_code ignored;
    socket_.close(ignored);
}

Task<bool> Session::serve_one()
{
    const auto& limits = shared_.services.limits;
    parser_.emplace(head_, body_, limits.header_bytes_max, limits.uri_bytes_max);
    owes_continue_ = false;

    const Got header = co_await read_header();
    if (header != Got::all) {
        co_return co_await refuse(header);
    }
    RequestContext request{head_, shared_.services};
    request.is_local = is_local_;
    request.is_limited = shared_.surface == Surface::clients;
    request.peer = peer_;
    request.certificate = certificate_ ? &*certificate_ : nullptr;
    auto response = find_route(request, shared_.surface);
    if (response.status == 0) {
        auto admitted = admit(request);
        if (!admitted) {
            const bool is_too_much = request.rate && !request.rate->is_allowed;
            shared_.services.metrics.request_rejected(is_too_much ? Rejection::rate_limit
                                                                  : Rejection::auth);
            response = not_admitted(request, std::move(admitted).error());
        }
    }
    const bool is_accepted = co_await accept_body(request, response);
    if (is_accepted) {
        stay(Phase::handling);
        response = co_await dispatch(request);
    } else {
        shared_.services.metrics.request_started();
        request.request_id = make_request_id();
        finish(request, response, shared_.services.clock.monotonic());
    }
    co_return co_await answer(response);
}

// Reads the body, or leaves it to the handler. False: `response` says why the request goes no
// further.
Task<bool> Session::accept_body(RequestContext& request, Response& response)
{
    if (response.status != 0) {
        co_return false;
    }
    const auto expected = head_.field("expect");
    if (!expected.empty() && !equals_ignoring_case(expected, "100-continue")) {
        response = refusal(417, "expectation_failed", "Only Expect: 100-continue is understood.");
        co_return false;
    }
    owes_continue_ = !expected.empty() && head_.has_body && !head_.is_http_1_0;
    if (request.route->body == BodyMode::bulk && request.content_type() == ndjson_type) {
        request.body_reader = this;
        parser_->limit_body(std::numeric_limits<std::size_t>::max());
        co_return true;
    }
    const std::size_t bytes_max =
        request.route->body == BodyMode::none ? 0 : shared_.services.limits.body_bytes_max;
    const Got body = co_await read_body(bytes_max);
    if (body != Got::all) {
        count_refusal(body);
        response = refusal_for(body);
        co_return false;
    }
    request.body = body_;
    co_return true;
}

Session::Got Session::parse()
{
    const auto bytes = input_.data();
    const auto progress = parser_->put(static_cast<const char*>(bytes.data()), bytes.size());
    input_.consume(progress.used);
    framing_ = progress.framing;
    // Nothing that is parsed in one piece (header, chunk header, trailers) may be larger than a
    // header.
    if (framing_ == Framing::ok && progress.needs_more &&
        input_.size() > shared_.services.limits.header_bytes_max) {
        framing_ = Framing::header_too_large;
    }
    return framing_ == Framing::ok ? Got::all : Got::refused;
}

Task<Session::Got> Session::read_header()
{
    const auto& timeouts = shared_.options.timeouts;
    if (input_.size() == 0) {
        enter(Phase::idle, timeouts.idle);
        const Got first = co_await read_input(head_read_bytes);
        if (first != Got::all) {
            co_return Got::end; // between requests an end or a silence needs no words
        }
    }
    enter(Phase::header, timeouts.header);
    for (;;) {
        const Got parsed = parse();
        if (parsed != Got::all || parser_->has_header()) {
            co_return parsed;
        }
        const Got more = co_await read_input(head_read_bytes);
        if (more != Got::all) {
            co_return more;
        }
    }
}

Task<Session::Got> Session::read_body(std::size_t bytes_max)
{
    if (parser_->has_all()) {
        co_return Got::all;
    }
    if (head_.content_length.value_or(0) > bytes_max) {
        framing_ = Framing::body_too_large;
        co_return Got::refused;
    }
    parser_->limit_body(bytes_max);
    enter(Phase::body, shared_.options.timeouts.body);
    const auto first_deadline = deadline_;
    for (;;) {
        if (input_.size() != 0) {
            const Got parsed = parse();
            if (parsed != Got::all || parser_->has_all()) {
                co_return parsed;
            }
        }
        const Got more = co_await read_input(read_body_bytes);
        if (more != Got::all) {
            co_return more;
        }
        deadline_ = first_deadline + std::chrono::seconds{body_.size() / bytes_per_second_min};
    }
}

// What has arrived is still handled. Who sends more is told, so that it can go on at another node.
Task<Result<std::string_view>> Session::read_some()
{
    const Error node_stops{Errc::shutting_down, "the node stops in the middle of the body"};
    body_.clear();
    while (body_.empty() && !parser_->has_all()) {
        if (input_.size() != 0) {
            const Got parsed = parse();
            if (parsed != Got::all) {
                co_return Error{Errc::malformed, "the framing of the body is broken"};
            }
            if (!body_.empty() || parser_->has_all()) {
                break;
            }
        }
        if (shared_.services.stop.requested()) {
            co_return node_stops;
        }
        enter(Phase::streaming, shared_.options.timeouts.body_silence);
        const Got more = co_await read_input(read_body_bytes);
        stay(Phase::handling);
        if (more == Got::timeout && shared_.services.stop.requested()) {
            co_return node_stops;
        }
        if (more == Got::timeout) {
            co_return Error{Errc::timed_out, "the client went silent in the middle of the body"};
        }
        if (more != Got::all) {
            co_return Error{Errc::malformed, "the body ends before its framing does"};
        }
    }
    co_return std::string_view{body_};
}

Task<Session::Got> Session::read_input(std::size_t bytes_max)
{
    if (owes_continue_) {
        owes_continue_ = false;
        const auto phase = phase_;
        const auto deadline = deadline_;
        const bool is_sent = co_await write(continue_line);
        if (!is_sent) {
            co_return Got::end;
        }
        phase_ = phase;
        deadline_ = deadline;
    }
    const auto space = input_.prepare(bytes_max);
    security::TlsChannel::Moved read;
    if (tls_ == nullptr) {
        const auto [failure, size] = co_await socket_.async_read_some(space, use_tuple);
        read = {failure, size};
    } else {
        const std::span<char> to{static_cast<char*>(space.data()), space.size()};
        read = co_await tls_->read_some(to);
    }
    if (read.failure) {
        co_return has_timed_out_ ? Got::timeout : Got::end;
    }
    has_timed_out_ = false;
    input_.commit(read.size);
    co_return Got::all;
}

Task<bool> Session::answer(Response& response)
{
    const bool is_read = parser_->has_header() && parser_->has_all();
    Framed framed;
    framed.is_http_1_0 = head_.is_http_1_0;
    framed.has_body = head_.verb != Verb::head;
    framed.is_keep_alive = head_.is_keep_alive && !response.must_close &&
                           !shared_.services.stop.requested() &&
                           (is_read || response.stream != nullptr) &&
                           !(response.stream != nullptr && head_.is_http_1_0);
    out_.clear();
    if (owes_continue_ && response.stream != nullptr) {
        // The body will be read while the answer is on its way: its last chance to be asked for.
        owes_continue_ = false;
        out_ = continue_line;
    }
    append_response(out_, response, framed, shared_.date);
    bool is_sent = co_await write(out_);
    if (is_sent && response.upgrade != nullptr) {
        co_await response.upgrade->run(*this);
        co_await linger();
        co_return false;
    }
    if (is_sent && response.stream != nullptr && framed.has_body) {
        is_sent = co_await send_stream(*response.stream);
        framed.is_keep_alive = framed.is_keep_alive && !shared_.services.stop.requested();
    }
    if (!is_sent) {
        co_return false;
    }
    if (out_.capacity() > kept_bytes_max) {
        out_ = std::string{};
    }
    if (body_.capacity() > kept_bytes_max) {
        body_ = std::string{};
    }
    const bool goes_on = framed.is_keep_alive && parser_->has_header() && parser_->has_all();
    if (!goes_on) {
        co_await linger();
    }
    co_return goes_on;
}

// Closing with unread input makes the kernel send a reset, which can overtake the answer. So: say
// that we are done, and read on for a moment.
Task<void> Session::linger()
{
    if (tls_ != nullptr) {
        tls_->close_sending();
    }
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    enter(Phase::linger, shared_.options.timeouts.linger);
    const auto deadline = deadline_;
    for (Got more = Got::all; more == Got::all && Clock::now() < deadline;) {
        input_.clear();
        more = co_await read_input(read_body_bytes);
    }
}

} // namespace sealstream::http
