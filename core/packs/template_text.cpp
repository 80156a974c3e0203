#include "core/packs/template_text.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace sealstream {

namespace {

bool is_word_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

// "body.amount", "query.limit|50".
Result<TemplatePlace> parse_template_place(std::string_view inside)
{
    TemplatePlace place;
    const std::size_t bar = inside.find('|');
    std::string_view path = inside.substr(0, bar);
    while (true) {
        const std::size_t dot = path.find('.');
        const std::string_view word = path.substr(0, dot);
        if (word.empty() || !std::all_of(word.begin(), word.end(), is_word_letter)) {
            return Error{Errc::malformed, "\"{" + std::string{inside} +
                                              "}\" names no place; write {body.amount}, or {{ for "
                                              "a brace"};
        }
        place.path.emplace_back(word);
        if (dot == std::string_view::npos) {
            break;
        }
        path.remove_prefix(dot + 1);
    }
    if (bar != std::string_view::npos) {
        const std::string_view written = inside.substr(bar + 1);
        boost::system::error_code failed;
        auto value = boost::json::parse({written.data(), written.size()}, failed);
        place.fallback = failed ? boost::json::value(written) : std::move(value);
    }
    return place;
}

// Where the place that begins behind `from` ends: braces nest, so that a default may be {}.
std::size_t end_of_place(std::string_view text, std::size_t from)
{
    std::size_t depth = 1;
    for (std::size_t at = from; at < text.size(); ++at) {
        depth += text[at] == '{' ? 1U : 0U;
        depth -= text[at] == '}' ? 1U : 0U;
        if (depth == 0) {
            return at;
        }
    }
    return std::string_view::npos;
}

} // namespace

Result<std::vector<TemplatePart>> parse_template_text(std::string_view text)
{
    std::vector<TemplatePart> parts;
    std::string literal;
    std::size_t at = 0;
    while (at < text.size()) {
        const char c = text[at];
        const bool is_doubled = at + 1 < text.size() && text[at + 1] == c;
        if ((c != '{' && c != '}') || is_doubled) {
            literal += c;
            at += c == '{' || c == '}' ? 2U : 1U;
            continue;
        }
        if (c == '}') {
            return Error{Errc::malformed, "a } without its {; write }} for a brace"};
        }
        const std::size_t end = end_of_place(text, at + 1);
        if (end == std::string_view::npos) {
            return Error{Errc::malformed, "a { without its }; write {{ for a brace"};
        }
        auto place = parse_template_place(text.substr(at + 1, end - at - 1));
        if (!place) {
            return place.error();
        }
        if (!literal.empty()) {
            parts.push_back({std::move(literal), {}});
            literal.clear();
        }
        parts.push_back({{}, std::move(*place)});
        at = end + 1;
    }
    if (!literal.empty() || parts.empty()) {
        parts.push_back({std::move(literal), {}});
    }
    return parts;
}

} // namespace sealstream
