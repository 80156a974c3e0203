#pragma once

// The lines that travel between the command line and a node. Pure.

#include "core/event/event_id.hpp"
#include "core/event/position.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace sealstream::cli {

// One line of GET /v1/feed with Accept: application/x-ndjson.
struct FeedLine {
    enum class Kind : std::uint8_t { event, caught_up, heartbeat, error };
    Kind kind{Kind::heartbeat};
    std::string cursor;
    std::string_view event{}; // its exact text, a part of the line
    std::string code{};       // of an error
    std::string detail{};
    bool is_retryable{true};
};
//   malformed   no such line
[[nodiscard]] Result<FeedLine> parse_feed_line(std::string_view line);

// A line with an event gets `id` when it has neither an id nor a key, so that repeating it can not
// double it. What is no JSON object stays as it is: the node will say what is wrong with it.
[[nodiscard]] std::string with_id(std::string_view line, const EventId& id);

// What a node answers to lines.
struct ResultLine {
    bool is_summary{false};
    bool is_complete{false}; // of a summary
    std::uint64_t line{0};   // 1 is the first of the request
    int status{0};
    bool is_repeat{false};
};
[[nodiscard]] Result<ResultLine> parse_result_line(std::string_view line);

// The same result with `before` added to its line number.
[[nodiscard]] std::string renumbered(std::string_view line, std::uint64_t before);

// Takes the first line off `text`, without its end; nothing when there is no whole one.
[[nodiscard]] std::optional<std::string> take_line(std::string& text);

// A value as a person reads it: a string without quotes, anything else as JSON.
[[nodiscard]] std::string text_of(const boost::json::value& value);

} // namespace sealstream::cli
