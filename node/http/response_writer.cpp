#include "node/http/response_writer.hpp"

#include "core/base/check.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace sealstream::http {

namespace {

struct Reason {
    int status;
    std::string_view phrase;
};

constexpr std::array reasons{
    Reason{101, "Switching Protocols"},
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{207, "Multi-Status"},
    Reason{304, "Not Modified"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{406, "Not Acceptable"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{411, "Length Required"},
    Reason{412, "Precondition Failed"},
    Reason{413, "Content Too Large"},
    Reason{414, "URI Too Long"},
    Reason{415, "Unsupported Media Type"},
    Reason{417, "Expectation Failed"},
    Reason{422, "Unprocessable Content"},
    Reason{426, "Upgrade Required"},
    Reason{428, "Precondition Required"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{503, "Service Unavailable"},
    Reason{507, "Insufficient Storage"},
};

void append_number(std::string& to, std::size_t number, int base = 10)
{
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
    to.append(digits.data(), end.ptr);
}

void append_field(std::string& to, std::string_view name, std::string_view value)
{
    // Values are ours, or were checked on their way in: a line break here would be a second header.
    SEAL_CHECK(value.find_first_of("\r\n") == std::string_view::npos, "a field value is one line");
    to.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

std::string_view reason_phrase(int status) noexcept
{
    for (const Reason& reason : reasons) {
        if (reason.status == status) {
            return reason.phrase;
        }
    }
    return "Unknown";
}

void append_response(std::string& to, const Response& response, const Framed& framed,
                     std::string_view date)
{
    to.append("HTTP/1.1 ");
    append_number(to, static_cast<std::size_t>(response.status));
    to.append(" ").append(reason_phrase(response.status)).append("\r\nDate: ").append(date);
    to.append("\r\n");
    const bool is_bodyless =
        response.status == 101 || response.status == 204 || response.status == 304;
    if (response.stream) {
        append_field(to, "Content-Type", response.content_type);
        if (!framed.is_http_1_0) {
            to.append("Transfer-Encoding: chunked\r\n");
        }
    } else if (!is_bodyless) {
        if (!response.own_content_type.empty()) {
            append_field(to, "Content-Type", response.own_content_type);
        } else if (!response.body.empty()) {
            append_field(to, "Content-Type", response.content_type);
        }
        to.append("Content-Length: ");
        append_number(to, response.body.size());
        to.append("\r\n");
    }
    for (const Header& header : response.headers) {
        append_field(to, header.name, header.value);
    }
    for (const auto& [name, value] : response.own_headers) {
        append_field(to, name, value);
    }
    to.append("X-Content-Type-Options: nosniff\r\n");
    if (response.status == 101) {
        to.append("Connection: Upgrade\r\n");
    } else if (!framed.is_keep_alive) {
        to.append("Connection: close\r\n");
    } else if (framed.is_http_1_0) {
        to.append("Connection: keep-alive\r\n");
    }
    to.append("\r\n");
    if (framed.has_body && !response.stream && !is_bodyless) {
        to.append(response.body);
    }
}

void append_chunk_head(std::string& to, std::size_t size)
{
    append_number(to, size, 16);
    to.append("\r\n");
}

std::string to_http_date(std::int64_t unix_seconds)
{
    using namespace std::chrono;
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sys_seconds time{seconds{unix_seconds}};
    const auto midnight = floor<std::chrono::days>(time);
    const year_month_day date{midnight};
    const hh_mm_ss clock{time - midnight};
    std::array<char, 64> text{};
    const int size = std::snprintf(
        text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
        days[weekday{midnight}.c_encoding()], static_cast<unsigned>(date.day()),
        months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()));
    return {text.data(), static_cast<std::size_t>(size)};
}

} // namespace sealstream::http
