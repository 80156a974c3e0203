#pragma once

// The bytes of an answer: status line, fields, and the framing of the body.

#include "node/http/request_head.hpp"
#include "node/http/response.hpp"

namespace sealstream::http {

struct Framed {
    bool is_keep_alive{true}; // what the connection does after this answer
    bool has_body{true};      // false for HEAD
    bool is_http_1_0{false};  // then a stream ends with the connection
};

[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

// Appends the head, and the body where it is not a stream. `date` is an IMF-fixdate (RFC
// 9110, 5.6.7).
void append_response(std::string& to, const Response& response, const Framed& framed,
                     std::string_view date);

// What stands before the data of a chunk (RFC 9112, 7.1); "\r\n" stands behind it. A chunk of size
// 0 would end the body.
void append_chunk_head(std::string& to, std::size_t size);

// "Sun, 06 Nov 1994 08:49:37 GMT"
[[nodiscard]] std::string to_http_date(std::int64_t unix_seconds);

} // namespace sealstream::http
