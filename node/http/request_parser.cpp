#include "node/http/request_parser.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

namespace sealstream::http {

namespace {

namespace beast = boost::beast;
using beast::http::error;
using beast::http::field;

Verb to_verb(beast::http::verb verb)
{
    // Beast knows 34 methods; those without a name here are all the same to us.
    if (verb == beast::http::verb::get) {
        return Verb::get;
    }
    if (verb == beast::http::verb::post) {
        return Verb::post;
    }
    if (verb == beast::http::verb::head) {
        return Verb::head;
    }
    if (verb == beast::http::verb::put) {
        return Verb::put;
    }
    if (verb == beast::http::verb::patch) {
        return Verb::patch;
    }
    if (verb == beast::http::verb::delete_) {
        return Verb::delete_;
    }
    return verb == beast::http::verb::options ? Verb::options : Verb::other;
}

std::string_view to_std(beast::string_view text)
{
    return {text.data(), text.size()};
}

} // namespace

RequestParser::RequestParser(RequestHead& head, std::string& body, std::size_t header_bytes_max,
                             std::size_t uri_bytes_max)
    : head_{head},
      body_{body},
      uri_bytes_max_{uri_bytes_max}
{
    head_.clear();
    body_.clear();
    header_limit(static_cast<std::uint32_t>(header_bytes_max));
    body_limit(boost::none); // ours is set after the header has been seen
}

RequestParser::Progress RequestParser::put(const char* bytes, std::size_t size)
{
    Progress progress;
    eager(is_header_done());
    error_code failure;
    progress.used = basic_parser::put(boost::asio::const_buffer{bytes, size}, failure);
    if (!failure) {
        return progress;
    }
    if (failure == error::need_more) {
        progress.needs_more = true;
    } else if (refusal_ != Framing::ok) {
        progress.framing = refusal_;
    } else if (failure == error::header_limit) {
        // A request line that fills the whole header is a long URI.
        progress.framing =
            head_.target().empty() ? Framing::uri_too_long : Framing::header_too_large;
    } else {
        progress.framing = Framing::malformed;
    }
    return progress;
}

void RequestParser::on_request_impl(beast::http::verb verb, view, view target, int version,
                                    error_code& failure)
{
    head_.verb = to_verb(verb);
    head_.is_http_1_0 = version < 11;
    head_.set_target(to_std(target));
    if (target.size() > uri_bytes_max_) {
        refusal_ = Framing::uri_too_long;
        failure = error::bad_target;
    }
}

void RequestParser::on_field_impl(field which, view name, view value, error_code& failure)
{
    if (is_header_done()) {
        return; // trailers of a chunked body mean nothing to us
    }
    // "chunked" alone: with any other coding in front, the base would take the body for the next
    // request.
    if (which == field::transfer_encoding &&
        (!beast::iequals(value, "chunked") || head_.has_field("transfer-encoding"))) {
        failure = error::bad_transfer_encoding;
        return;
    }
    if (which == field::host && head_.has_field("host")) {
        failure = error::bad_value;
        return;
    }
    head_.add_field(to_std(name), to_std(value));
}

void RequestParser::on_header_impl(error_code& failure)
{
    if (!head_.is_http_1_0 && !head_.has_field("host")) {
        failure = error::bad_field;
        return;
    }
    // Whoever does not know chunks sees another end of this request (RFC 9112, 6.1).
    if (head_.is_http_1_0 && chunked()) {
        failure = error::bad_transfer_encoding;
        return;
    }
    head_.is_keep_alive = keep_alive();
    head_.is_chunked = chunked();
    if (const auto length = content_length()) {
        head_.content_length = *length;
    }
    head_.has_body = head_.is_chunked || head_.content_length.value_or(0) != 0;
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&)
{
    if (length && *length <= body_bytes_max_) {
        body_.reserve(static_cast<std::size_t>(*length));
    }
}

std::size_t RequestParser::on_body_impl(view piece, error_code& failure)
{
    if (piece.size() > body_bytes_max_ - std::min(body_.size(), body_bytes_max_)) {
        refusal_ = Framing::body_too_large;
        failure = error::body_limit;
        return 0;
    }
    body_.append(piece.data(), piece.size());
    return piece.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, view piece, error_code& failure)
{
    return on_body_impl(piece, failure);
}

} // namespace sealstream::http
