#include "node/cli/node_lines.hpp"

#include "core/event/canonical_json.hpp"

namespace sealstream::cli {

namespace {

constexpr JsonLimits limits{70, 64 << 20};
constexpr std::string_view line_member = "{\"line\":\"";

std::string text_of(const boost::json::object& object, std::string_view name)
{
    const auto* value = object.if_contains({name.data(), name.size()});
    return value != nullptr && value->is_string()
               ? std::string{value->get_string().data(), value->get_string().size()}
               : std::string{};
}

bool flag_of(const boost::json::object& object, std::string_view name)
{
    const auto* value = object.if_contains({name.data(), name.size()});
    return value != nullptr && value->is_bool() && value->get_bool();
}

Error strange(std::string_view line)
{
    return Error{Errc::malformed, "the node says what this program does not understand: " +
                                      std::string{line.substr(0, 200)}};
}

} // namespace

Result<FeedLine> parse_feed_line(std::string_view line)
{
    constexpr std::string_view begin = R"({"type":"event","cursor":")";
    constexpr std::string_view middle = R"(","event":)";
    if (line.substr(0, begin.size()) == begin) {
        const auto end = line.find('"', begin.size());
        if (end == std::string_view::npos || line.substr(end, middle.size()) != middle) {
            return strange(line);
        }
        const auto event = line.substr(end + middle.size());
        return FeedLine{FeedLine::Kind::event,
                        std::string{line.substr(begin.size(), end - begin.size())},
                        event.substr(0, event.size() - 1)};
    }
    const auto value = parse_json(line, limits);
    if (!value || !value->is_object()) {
        return strange(line);
    }
    const auto& object = value->get_object();
    const auto type = text_of(object, "type");
    FeedLine parsed;
    parsed.cursor = text_of(object, "cursor");
    parsed.code = text_of(object, "code");
    parsed.detail = text_of(object, "detail");
    parsed.is_retryable = flag_of(object, "retryable");
    parsed.kind = type == "caught-up" ? FeedLine::Kind::caught_up
                  : type == "error"   ? FeedLine::Kind::error
                                      : FeedLine::Kind::heartbeat; // what is unknown is no event
    return parsed;
}

std::string with_id(std::string_view line, const EventId& id)
{
    const auto value = parse_json(line, limits);
    if (!value || !value->is_object() || value->get_object().contains("id") ||
        value->get_object().contains("key")) {
        return std::string{line};
    }
    const auto brace = line.find('{') + 1;
    std::string changed{line.substr(0, brace)};
    changed.append("\"id\":\"").append(id.to_string());
    changed.append(value->get_object().empty() ? "\"" : "\",");
    return changed.append(line.substr(brace));
}

Result<ResultLine> parse_result_line(std::string_view line)
{
    const auto value = parse_json(line, limits);
    if (!value || !value->is_object()) {
        return strange(line);
    }
    const auto& object = value->get_object();
    ResultLine result;
    if (const auto* summary = object.if_contains("summary")) {
        result.is_summary = true;
        result.is_complete = summary->is_object() && flag_of(summary->get_object(), "is_complete");
        return result;
    }
    const auto number = parse_place(text_of(object, "line"));
    const auto* status = object.if_contains("status");
    if (!number || status == nullptr || !status->is_int64()) {
        return strange(line);
    }
    result.line = *number;
    result.status = static_cast<int>(status->get_int64());
    result.is_repeat = flag_of(object, "replayed");
    return result;
}

std::string renumbered(std::string_view line, std::uint64_t before)
{
    const auto end = line.find('"', line_member.size());
    if (line.substr(0, line_member.size()) != line_member || end == std::string_view::npos) {
        return std::string{line};
    }
    const auto number = parse_place(line.substr(line_member.size(), end - line_member.size()));
    return std::string{line_member} + std::to_string(number ? *number + before : before) +
           std::string{line.substr(end)};
}

std::optional<std::string> take_line(std::string& text)
{
    const auto end = text.find('\n');
    if (end == std::string::npos) {
        return std::nullopt;
    }
    auto line = text.substr(0, end);
    text.erase(0, end + 1);
    if (!line.empty() && line.back() == '\r') {
        line.pop_back();
    }
    return line;
}

std::string text_of(const boost::json::value& value)
{
    return value.is_string() ? std::string{value.get_string().data(), value.get_string().size()}
                             : boost::json::serialize(value);
}

} // namespace sealstream::cli
