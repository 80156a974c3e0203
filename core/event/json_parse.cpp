// The strict reader: recursive descent straight into a boost::json::value. A fault travels up as
// `false`, and every level puts its own step in front of the pointer, so that success pays nothing
// for it.

#include "core/event/canonical_json.hpp"
#include "core/event/json_text.hpp"
#include "core/event/json_tokens.hpp"

#include <algorithm>

namespace sealstream {

namespace {

namespace json = boost::json;

class Parser {
public:
    Parser(std::string_view text, std::size_t depth_max) : in_{text}, depth_max_{depth_max} {}

    bool document(json::value& to)
    {
        in_.skip_space();
        if (!value(to, 0)) {
            return false;
        }
        in_.skip_space();
        return in_.is_at_end() || in_.fail(Errc::malformed, "more than one JSON value");
    }

    Error take_error() { return std::move(in_.error); }

private:
    // RFC 6901: '~' and '/' are escaped.
    void prepend_step(std::string_view step)
    {
        std::string pointer{"/"};
        for (const char letter : step) {
            if (letter == '~' || letter == '/') {
                pointer += letter == '~' ? "~0" : "~1";
            } else {
                pointer += letter;
            }
        }
        in_.error.pointer.insert(0, pointer);
    }

    bool value(json::value& to, std::size_t depth)
    {
        if (in_.is_at_end()) {
            return in_.fail(Errc::malformed, "a JSON value is missing");
        }
        switch (in_.front()) {
        case '{':
            return object(to.emplace_object(), depth + 1);
        case '[':
            return array(to.emplace_array(), depth + 1);
        case '"': {
            std::string_view text;
            if (!in_.string(text)) {
                return false;
            }
            to.emplace_string().assign(text.data(), text.size());
            return true;
        }
        case 't':
            to = true;
            return in_.word("true");
        case 'f':
            to = false;
            return in_.word("false");
        case 'n':
            to = nullptr;
            return in_.word("null");
        default:
            return in_.number(to);
        }
    }

    bool object(json::object& to, std::size_t depth)
    {
        if (depth > depth_max_) {
            return in_.fail(Errc::too_deep, "nested deeper than the limit");
        }
        in_.step();
        in_.skip_space();
        if (in_.take('}')) {
            return true;
        }
        do {
            in_.skip_space();
            std::string_view name;
            if (!in_.is_at('"')) {
                return in_.fail(Errc::malformed, "a member name is missing");
            }
            if (!in_.string(name)) {
                return false;
            }
            const auto [member, is_new] =
                to.emplace(json::string_view{name.data(), name.size()}, nullptr);
            if (!is_new) {
                prepend_step(name);
                return in_.fail(Errc::duplicate_key, "the object names this member twice");
            }
            in_.skip_space();
            const bool has_colon = in_.take(':');
            in_.skip_space();
            const bool is_read = has_colon
                                     ? value(member->value(), depth)
                                     : in_.fail(Errc::malformed, "':' is missing after the name");
            if (!is_read) {
                prepend_step({member->key().data(), member->key().size()});
                return false;
            }
            in_.skip_space();
        } while (in_.take(','));
        return in_.take('}') || in_.fail(Errc::malformed, "',' or '}' is missing");
    }

    bool array(json::array& to, std::size_t depth)
    {
        if (depth > depth_max_) {
            return in_.fail(Errc::too_deep, "nested deeper than the limit");
        }
        in_.step();
        in_.skip_space();
        if (in_.take(']')) {
            return true;
        }
        do {
            in_.skip_space();
            if (!value(to.emplace_back(nullptr), depth)) {
                prepend_step(std::to_string(to.size() - 1));
                return false;
            }
            in_.skip_space();
        } while (in_.take(','));
        return in_.take(']') || in_.fail(Errc::malformed, "',' or ']' is missing");
    }

    JsonTokens in_;
    const std::size_t depth_max_;
};

} // namespace

Result<boost::json::value> parse_json(std::string_view text, JsonLimits limits)
{
    if (text.size() > limits.bytes_max) {
        return Error{Errc::too_large,
                     "the JSON text is larger than " + std::to_string(limits.bytes_max) + " bytes"};
    }
    Parser parser{text, std::min(limits.depth_max, json_depth_ceiling)};
    Result<boost::json::value> parsed{boost::json::value{}};
    if (!parser.document(*parsed)) {
        return parser.take_error();
    }
    return parsed;
}

} // namespace sealstream
