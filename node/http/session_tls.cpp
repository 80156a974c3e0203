// What is different about a connection with TLS: the handshake, who the client's certificate names,
// and how bytes go in and out.

#include "core/base/log.hpp"
#include "node/http/problem.hpp"
#include "node/http/session.hpp"

namespace sealstream::http {

namespace {

constexpr std::size_t record_bytes = 16 << 10;        // the longest record of TLS (RFC 8446, 5.1)
constexpr std::size_t tls_drain_read_bytes = 4 << 10; // of a peer that says little

} // namespace

Task<bool> Session::receive_encrypted(std::string& to)
{
    const std::size_t before = to.size();
    to.resize(before + tls_drain_read_bytes);
    const auto space = std::span{to}.subspan(before);
    const auto read = co_await tls_->read_some(space);
    to.resize(before + read.size);
    co_return !read.failure && !has_stopped_receiving_;
}

// Small pieces share a record: each record costs a system call and some thirty bytes.
Task<bool> Session::write_encrypted(Buffers buffers)
{
    std::string gathered;
    for (std::size_t at = 0; at < buffers.size();) {
        std::string_view block{static_cast<const char*>(buffers[at].data()), buffers[at].size()};
        ++at;
        if (block.size() < record_bytes && at < buffers.size()) {
            gathered = block;
            for (; at < buffers.size() && gathered.size() + buffers[at].size() <= record_bytes;
                 ++at) {
                gathered.append(static_cast<const char*>(buffers[at].data()), buffers[at].size());
            }
            block = gathered;
        }
        while (!block.empty()) {
            auto moved = tls_->write_now(block);
            if (moved.failure == boost::asio::error::would_block) {
                enter(Phase::write, shared_.options.timeouts.write);
                moved = co_await tls_->write_some(block);
                is_too_slow_ = moved.failure && has_timed_out_;
            }
            if (moved.failure) {
                co_return false;
            }
            block.remove_prefix(moved.size);
        }
    }
    stay(Phase::handling);
    co_return true;
}

Task<bool> Session::shake_hands()
{
    enter(Phase::handshake, shared_.options.timeouts.handshake);
    const auto shaken = co_await tls_->handshake();
    if (!shaken) {
        auto& services = shared_.services;
        services.metrics.request_rejected(has_timed_out_ ? Rejection::timeout
                                          : shaken.error().code == Errc::unauthenticated
                                              ? Rejection::auth
                                              : Rejection::bad_framing);
        log(Level::debug, "http.handshake_failed", "http", {{"reason", describe(shaken.error())}});
        if (shaken.error().context != "http") {
            co_return false;
        }
        // Somebody speaks plain HTTP: an answer that says so, without TLS and without reading more.
        tls_.reset();
        services.metrics.request_started();
        RequestContext request{head_, services};
        request.request_id = make_request_id();
        auto response = refusal(400, "tls_required", "This port speaks HTTPS only.");
        response.must_close = true;
        finish(request, response, services.clock.monotonic());
        out_.clear();
        append_response(out_, response, {}, shared_.date);
        const bool is_sent = co_await write(out_);
        if (is_sent) {
            co_await linger();
        }
        co_return false;
    }
    const auto der = tls_->peer_certificate();
    if (!der.empty()) {
        certificate_ = shared_.services.gate->admit_certificate(der);
        if (!*certificate_) {
            log(Level::warn, "http.certificate_refused", "http",
                {{"reason", describe(certificate_->error())}});
        }
    }
    co_return true;
}

} // namespace sealstream::http
