#include "core/schema/json_pointer.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <charconv>

namespace sealstream {

namespace json = boost::json;

void append_token(std::string& to, std::string_view token)
{
    to.push_back('/');
    for (const char letter : token) {
        if (letter == '~') {
            to.append("~0");
        } else if (letter == '/') {
            to.append("~1");
        } else {
            to.push_back(letter);
        }
    }
}

Result<std::vector<std::string>> parse_pointer(std::string_view pointer)
{
    std::vector<std::string> tokens;
    if (!pointer.empty() && pointer.front() != '/') {
        return Error{Errc::malformed, "a JSON Pointer is empty or begins with /"};
    }
    for (std::size_t at = 0; at < pointer.size(); ++at) {
        if (pointer[at] == '/') {
            tokens.emplace_back();
        } else if (pointer[at] != '~') {
            tokens.back().push_back(pointer[at]);
        } else if (at + 1 < pointer.size() && (pointer[at + 1] == '0' || pointer[at + 1] == '1')) {
            tokens.back().push_back(pointer[++at] == '0' ? '~' : '/');
        } else {
            return Error{Errc::malformed, "in a JSON Pointer ~ is followed by 0 or 1"};
        }
    }
    return tokens;
}

const json::value* find(const json::value& in, const std::vector<std::string>& tokens)
{
    const json::value* at = &in;
    for (const std::string& token : tokens) {
        if (const auto* object = at->if_object()) {
            at = object->if_contains(token);
        } else if (const auto* array = at->if_array()) {
            std::size_t index = 0;
            const auto* end = token.data() + token.size();
            const auto read = std::from_chars(token.data(), end, index);
            const bool is_index = read.ec == std::errc{} && read.ptr == end &&
                                  (token.size() == 1 || token.front() != '0');
            at = is_index ? array->if_contains(index) : nullptr;
        } else {
            at = nullptr;
        }
        if (at == nullptr) {
            return nullptr;
        }
    }
    return at;
}

std::string place_below(std::string pointer, std::string_view name)
{
    append_token(pointer, name);
    return pointer;
}

} // namespace sealstream
