#include "node/http/request_head.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

} // namespace

bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept
{
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(),
                      [](char one, char other) { return lower(one) == lower(other); });
}

std::string_view name(Verb verb) noexcept
{
    switch (verb) {
    case Verb::get:
        return "GET";
    case Verb::head:
        return "HEAD";
    case Verb::post:
        return "POST";
    case Verb::put:
        return "PUT";
    case Verb::patch:
        return "PATCH";
    case Verb::delete_:
        return "DELETE";
    case Verb::options:
        return "OPTIONS";
    case Verb::other:
        break;
    }
    return "OTHER";
}

std::string_view RequestHead::path() const noexcept
{
    const auto all = target();
    return all.substr(0, std::min(all.find('?'), all.size()));
}

std::string_view RequestHead::query() const noexcept
{
    const auto all = target();
    const auto mark = all.find('?');
    return mark == std::string_view::npos ? std::string_view{} : all.substr(mark + 1);
}

std::string_view RequestHead::field(std::string_view lower_name) const noexcept
{
    for (const Field& field : fields_) {
        if (text(field.name) == lower_name) {
            return text(field.value);
        }
    }
    return {};
}

bool RequestHead::has_field(std::string_view lower_name) const noexcept
{
    return count(lower_name) != 0;
}

std::size_t RequestHead::count(std::string_view lower_name) const noexcept
{
    return static_cast<std::size_t>(
        std::count_if(fields_.begin(), fields_.end(),
                      [&](const Field& field) { return text(field.name) == lower_name; }));
}

RequestHead::Fields RequestHead::fields_with_prefix(std::string_view lower_prefix) const
{
    Fields found;
    for (const Field& field : fields_) {
        if (text(field.name).starts_with(lower_prefix)) {
            found.emplace_back(text(field.name), text(field.value));
        }
    }
    return found;
}

void RequestHead::clear() noexcept
{
    verb = Verb::other;
    is_http_1_0 = false;
    is_keep_alive = true;
    is_chunked = false;
    has_body = false;
    content_length.reset();
    arena_.clear();
    fields_.clear();
    target_ = {};
}

void RequestHead::add_field(std::string_view name, std::string_view value)
{
    Field field;
    field.name = keep(name);
    field.value = keep(value);
    for (std::size_t at = field.name.at; at < field.name.at + field.name.size; ++at) {
        arena_[at] = lower(arena_[at]);
    }
    fields_.push_back(field);
}

RequestHead::Piece RequestHead::keep(std::string_view text)
{
    const Piece piece{static_cast<std::uint32_t>(arena_.size()),
                      static_cast<std::uint32_t>(text.size())};
    arena_.append(text);
    return piece;
}

} // namespace sealstream::http
