#pragma once

// Cuts a streamed body into lines, holding no more than one line and one piece.

#include "node/http/request_context.hpp"

namespace sealstream::http {

class LineReader {
public:
    LineReader(BodyReader& body, std::size_t line_bytes_max)
        : body_{body},
          line_bytes_max_{line_bytes_max}
    {
    }

    // The next line without its end, valid until the next call; none at the end. The last line
    // needs no line feed.
    //   too_large              a line is longer than the limit; there is no going on
    //   malformed, timed_out, shutting_down   as BodyReader
    [[nodiscard]] Task<Result<std::optional<std::string_view>>> next();

    // Whether next() will answer without waiting for the client.
    [[nodiscard]] bool has_line() const noexcept
    {
        return held_.find('\n', at_) != std::string::npos || (is_at_end_ && at_ < held_.size());
    }

    // Of the line that was returned last, or could not be, from 1.
    [[nodiscard]] std::uint64_t line_number() const noexcept { return line_number_; }

private:
    BodyReader& body_;
    std::size_t line_bytes_max_;
    std::string held_;
    std::size_t at_{0}; // up to here, held_ has been returned
    std::uint64_t line_number_{0};
    bool is_at_end_{false};
};

} // namespace sealstream::http
