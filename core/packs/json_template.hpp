#pragma once

// JSON with holes. In its strings
//
//   "{body.amount}"         is the value at that place, of whatever kind
//   "deal/{path.id}"        is text; the value must be text, a number or a boolean
//   "{query.limit|50}"      has a default (JSON; else text) for where there is no such value
//   "{{" and "}}"           are braces
//
// The first word of a place is a root: path, query, body, caller {source, actor, roles}, now, uuid
// (a new id, the same one in the whole request), row, rows, event, events … Which of them there are
// is up to who renders, and is checked when the pack is loaded.

#include "core/base/result.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace sealstream {

class JsonTemplate {
public:
    // Stands for `null`.
    JsonTemplate() = default;

    //   malformed   an unclosed brace, or a place that is none; with a pointer
    [[nodiscard]] static Result<JsonTemplate> parse(const boost::json::value& text);

    // Every place that is named, "body.amount", once.
    [[nodiscard]] const std::vector<std::string>& places() const noexcept { return places_; }
    [[nodiscard]] const boost::json::value& text() const noexcept { return text_; }

    //   malformed   there is nothing at a place, and no default; or it is no text where text is
    //               needed. The context names the place
    [[nodiscard]] Result<boost::json::value> render(const boost::json::object& scope) const;

    // The same where a text must come out (streams, types, keys).
    [[nodiscard]] Result<std::string> render_text(const boost::json::object& scope) const;

private:
    boost::json::value text_;
    std::vector<std::string> places_;
};

} // namespace sealstream
