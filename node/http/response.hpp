#pragma once

// What a handler answers: plain data. The session turns it into bytes (response_writer.hpp).

#include "core/async/awaitable.hpp"
#include "core/base/result.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sealstream::http {

inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view ndjson_type = "application/x-ndjson";
inline constexpr std::string_view event_stream_type = "text/event-stream";
inline constexpr std::string_view problem_type = "application/problem+json";
inline constexpr std::string_view text_type = "text/plain; charset=utf-8";

// Text of an answer, in order. Shared: a feed hands the same event to many connections.
using Pieces = std::vector<std::shared_ptr<const std::string>>;

// A body that is made while it is sent. The session asks for the next piece only when the one
// before has been written, so a slow client slows nobody but itself.
class BodyStream {
public:
    virtual ~BodyStream() = default;

    // The next piece; empty at the end. After an error the connection is cut, so that a client can
    // tell a broken answer from a short one.
    [[nodiscard]] virtual Task<Result<std::string>> next() = 0;

    // The same in pieces that other answers may share; what the session asks for.
    [[nodiscard]] virtual Task<Result<Pieces>> next_pieces();

    // The client has not read within the time that it has for it, and is cut.
    virtual void is_too_slow() noexcept {}

protected:
    BodyStream() = default;
    BodyStream(const BodyStream&) = delete;
    BodyStream& operator=(const BodyStream&) = delete;
};

// The connection behind a request that switches protocols (101). Both ends may be used at the same
// time, by one reader and one writer.
class Duplex {
public:
    virtual ~Duplex() = default;
    // Appends what arrives; false at the end of the connection.
    [[nodiscard]] virtual Task<bool> receive(std::string& to) = 0;
    // False: the client is gone, or has not read within the time for a write.
    [[nodiscard]] virtual Task<bool> send(Pieces pieces) = 0;
    [[nodiscard]] virtual bool is_too_slow() const noexcept = 0; // why send() was false
    // Ends receive().
    virtual void stop_receiving() noexcept = 0;

protected:
    Duplex() = default;
    Duplex(const Duplex&) = delete;
    Duplex& operator=(const Duplex&) = delete;
};

// What a connection speaks after 101; it is closed when run() returns.
class Upgrade {
public:
    virtual ~Upgrade() = default;
    [[nodiscard]] virtual Task<void> run(Duplex& duplex) = 0;

protected:
    Upgrade() = default;
    Upgrade(const Upgrade&) = delete;
    Upgrade& operator=(const Upgrade&) = delete;
};

// An error on its way to becoming application/problem+json (RFC 9457); problem.hpp.
struct Problem {
    Error error;
    std::string explanation; // public; where empty, the remedy of the code is shown alone
    std::string code;        // instead of the name of error.code
    std::string errors;      // instead of one for error.pointer: ready JSON objects, with commas
    std::string members;     // more members, ready JSON: `"current_version":"5"`
    std::chrono::seconds retry_after{0}; // 0: one second for what is retryable, else none
};

struct Header {
    std::string_view name; // a literal
    std::string value;
};

struct Response {
    int status{200};
    std::string_view content_type{json_type};
    std::string own_content_type; // instead of content_type, where it is not a literal
    std::vector<Header> headers;
    std::vector<std::pair<std::string, std::string>> own_headers; // names that are no literals
    std::string body;
    std::unique_ptr<BodyStream> stream; // instead of body
    std::unique_ptr<Upgrade> upgrade;   // with status 101, instead of body
    std::unique_ptr<Problem> problem;   // instead of body; rendered by the dispatcher
    bool must_close{false};

    void header(std::string_view name, std::string value)
    {
        headers.push_back({name, std::move(value)});
    }
};

enum class Caching : std::uint8_t { none, revalidate, immutable };

[[nodiscard]] Response json_ok(std::string body, Caching caching = Caching::none);
void set_caching(Response& response, Caching caching);

} // namespace sealstream::http
