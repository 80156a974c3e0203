#include "core/packs/json_template.hpp"

#include "core/packs/template_text.hpp"
#include "core/schema/json_pointer.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace sealstream {

namespace json = boost::json;

namespace {

bool is_index(std::string_view word)
{
    return !word.empty() && word.size() <= 4 &&
           std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Null when there is nothing at that place.
const json::value* find_place(const json::object& scope, const std::vector<std::string>& path)
{
    const json::value* at = scope.if_contains(path.front());
    for (std::size_t step = 1; at != nullptr && step < path.size(); ++step) {
        const std::string& word = path[step];
        if (const auto* object = at->if_object()) {
            at = object->if_contains(word);
        } else if (const auto* array = at->if_array(); array != nullptr && is_index(word)) {
            at = array->if_contains(static_cast<std::size_t>(std::stoul(word)));
        } else {
            at = nullptr;
        }
    }
    return at;
}

std::string spell(const TemplatePlace& place)
{
    std::string all;
    for (const auto& word : place.path) {
        all += (all.empty() ? "" : ".") + word;
    }
    return all;
}

Result<json::value> value_at(const TemplatePlace& place, const json::object& scope)
{
    if (const auto* found = find_place(scope, place.path)) {
        return *found;
    }
    if (place.fallback) {
        return *place.fallback;
    }
    return Error{Errc::malformed, "there is no " + spell(place)};
}

Result<std::string> text_of(const json::value& value, const TemplatePlace& place)
{
    if (const auto* text = value.if_string()) {
        return std::string{*text};
    }
    if (value.is_number() || value.is_bool()) {
        return json::serialize(value);
    }
    return Error{Errc::malformed, spell(place) + " is no text, number or boolean"};
}

Result<json::value> render_string(std::string_view text, const json::object& scope)
{
    const auto parts = parse_template_text(text);
    if (!parts) {
        return parts.error();
    }
    if (parts->size() == 1 && parts->front().place) {
        return value_at(*parts->front().place, scope);
    }
    std::string all;
    for (const auto& part : *parts) {
        if (!part.place) {
            all += part.literal;
            continue;
        }
        const auto value = value_at(*part.place, scope);
        if (!value) {
            return value.error();
        }
        const auto piece = text_of(*value, *part.place);
        if (!piece) {
            return piece.error();
        }
        all += *piece;
    }
    return json::value(std::string_view{all});
}

Result<json::value> render_value(const json::value& text, const json::object& scope)
{
    if (const auto* string = text.if_string()) {
        return render_string({string->data(), string->size()}, scope);
    }
    if (const auto* array = text.if_array()) {
        json::array rendered;
        for (const auto& item : *array) {
            auto value = render_value(item, scope);
            if (!value) {
                return value;
            }
            rendered.push_back(std::move(*value));
        }
        return json::value(std::move(rendered));
    }
    if (const auto* object = text.if_object()) {
        json::object rendered;
        for (const auto& member : *object) {
            auto value = render_value(member.value(), scope);
            if (!value) {
                return value;
            }
            rendered.emplace(member.key(), std::move(*value));
        }
        return json::value(std::move(rendered));
    }
    return text;
}

// Collects the places of all strings; fails at the first that does not parse.
Result<void> collect(const json::value& text, const std::string& pointer,
                     std::vector<std::string>& places)
{
    if (const auto* string = text.if_string()) {
        const auto parts = parse_template_text({string->data(), string->size()});
        if (!parts) {
            return Error{parts.error().code, parts.error().context, pointer};
        }
        for (const auto& part : *parts) {
            if (part.place) {
                places.push_back(spell(*part.place));
            }
        }
    } else if (const auto* array = text.if_array()) {
        for (std::size_t index = 0; index < array->size(); ++index) {
            if (auto found =
                    collect((*array)[index], pointer + "/" + std::to_string(index), places);
                !found) {
                return found;
            }
        }
    } else if (const auto* object = text.if_object()) {
        for (const auto& member : *object) {
            std::string below = pointer;
            append_token(below, member.key());
            if (auto found = collect(member.value(), below, places); !found) {
                return found;
            }
        }
    }
    return {};
}

} // namespace

Result<JsonTemplate> JsonTemplate::parse(const json::value& text)
{
    JsonTemplate made;
    if (auto found = collect(text, "", made.places_); !found) {
        return found.error();
    }
    std::sort(made.places_.begin(), made.places_.end());
    made.places_.erase(std::unique(made.places_.begin(), made.places_.end()), made.places_.end());
    made.text_ = text;
    return made;
}

Result<json::value> JsonTemplate::render(const json::object& scope) const
{
    return render_value(text_, scope);
}

Result<std::string> JsonTemplate::render_text(const json::object& scope) const
{
    const auto value = render(scope);
    if (!value) {
        return value.error();
    }
    if (const auto* text = value->if_string()) {
        return std::string{*text};
    }
    if (value->is_number() || value->is_bool()) {
        return json::serialize(*value);
    }
    return Error{Errc::malformed, json::serialize(text_) + " does not come out as text"};
}

} // namespace sealstream
