#pragma once

// Turns bytes into one request: no socket, no waiting. Stricter than its base where proxies and
// servers have been played against each other: one Host, no Transfer-Encoding but a single
// "chunked", never both framings.
//
//   parser.start(head, body)        a new request
//   parser.put(bytes)               how many were used; looks at the head first and stops behind it
//
// A failure is final for the connection: where the next request begins is no longer known.

#include "node/http/request_head.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstdint>
#include <string>

namespace sealstream::http {

enum class Framing : std::uint8_t { ok, malformed, header_too_large, uri_too_long, body_too_large };

class RequestParser final : public boost::beast::http::basic_parser<true> {
public:
    // `head` and `body` outlive the parser.
    RequestParser(RequestHead& head, std::string& body, std::size_t header_bytes_max,
                  std::size_t uri_bytes_max);

    struct Progress {
        std::size_t used{0};
        Framing framing{Framing::ok};
        bool needs_more{false};
    };
    // Stops behind the header, and again at the end of the message.
    [[nodiscard]] Progress put(const char* bytes, std::size_t size);

    // After the header: how many bytes `body` may hold. A streaming reader empties it between
    // calls.
    void limit_body(std::size_t bytes_max) noexcept { body_bytes_max_ = bytes_max; }
    [[nodiscard]] bool has_header() const { return is_header_done(); }
    [[nodiscard]] bool has_all() const { return is_done(); }

private:
    using error_code = boost::beast::error_code;
    using view = boost::beast::string_view;

    void on_request_impl(boost::beast::http::verb verb, view method, view target, int version,
                         error_code& failure) override;
    void on_response_impl(int, view, int, error_code&) override {}
    void on_field_impl(boost::beast::http::field field, view name, view value,
                       error_code& failure) override;
    void on_header_impl(error_code& failure) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                           error_code& failure) override;
    std::size_t on_body_impl(view piece, error_code& failure) override;
    void on_chunk_header_impl(std::uint64_t, view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t left, view piece, error_code& failure) override;
    void on_finish_impl(error_code&) override {}

    RequestHead& head_;
    std::string& body_;
    std::size_t uri_bytes_max_;
    std::size_t body_bytes_max_{0};
    Framing refusal_{Framing::ok};
};

} // namespace sealstream::http
