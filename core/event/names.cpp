#include "core/event/names.hpp"

#include <algorithm>

namespace sealstream {

namespace {

bool is_lower(char letter)
{
    return letter >= 'a' && letter <= 'z';
}

bool is_alnum(char letter)
{
    return is_lower(letter) || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
}

bool is_slug(std::string_view name, std::size_t bytes_max)
{
    const auto is_allowed = [](char letter) {
        return is_lower(letter) || (letter >= '0' && letter <= '9') || letter == '-' ||
               letter == '_';
    };
    return !name.empty() && name.size() <= bytes_max && is_lower(name.front()) &&
           std::all_of(name.begin(), name.end(), is_allowed);
}

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF; and no control characters.
bool is_plain_utf8(std::string_view text)
{
    std::size_t at = 0;
    while (at < text.size()) {
        const auto lead = static_cast<unsigned char>(text[at]);
        std::size_t more = 0;
        std::uint32_t point = lead;
        if (lead >= 0xf0 && lead <= 0xf4) {
            more = 3;
            point = lead & 0x07U;
        } else if (lead >= 0xe0 && lead < 0xf0) {
            more = 2;
            point = lead & 0x0fU;
        } else if (lead >= 0xc2 && lead < 0xe0) {
            more = 1;
            point = lead & 0x1fU;
        } else if (lead >= 0x80) {
            return false;
        }
        if (at + more >= text.size()) {
            return false;
        }
        for (std::size_t next = 1; next <= more; ++next) {
            const auto follower = static_cast<unsigned char>(text[at + next]);
            if ((follower & 0xc0U) != 0x80U) {
                return false;
            }
            point = (point << 6) | (follower & 0x3fU);
        }
        const bool is_overlong = (more == 2 && point < 0x800) || (more == 3 && point < 0x10000);
        const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
        const bool is_control = point < 0x20 || (point >= 0x7f && point <= 0x9f);
        if (is_overlong || is_surrogate || is_control || point > 0x10ffff) {
            return false;
        }
        at += more + 1;
    }
    return true;
}

} // namespace

Result<StreamName> StreamName::make(std::string_view type, std::string_view id)
{
    if (const auto checked = check_stream_type(type); !checked) {
        return checked.error();
    }
    if (const auto checked = check_label(id); !checked) {
        return with_context(checked.error(), "stream id");
    }
    return StreamName{std::string{type}, std::string{id}};
}

Result<StreamName> StreamName::parse(std::string_view type_slash_id)
{
    const auto slash = type_slash_id.find('/');
    if (slash == std::string_view::npos) {
        return Error{Errc::bad_name, "a stream is named type/id"};
    }
    return make(type_slash_id.substr(0, slash), type_slash_id.substr(slash + 1));
}

Result<void> check_stream_type(std::string_view name)
{
    if (!is_slug(name, stream_type_bytes_max)) {
        return Error{Errc::bad_name, "a stream type is [a-z][a-z0-9_-]{0,63}"};
    }
    return {};
}

Result<void> check_event_type(std::string_view name)
{
    const auto is_allowed = [](char letter) {
        return is_alnum(letter) || letter == '.' || letter == '_' || letter == '-';
    };
    const bool starts_well =
        !name.empty() && is_alnum(name.front()) && !(name.front() >= '0' && name.front() <= '9');
    if (!starts_well || name.size() > event_type_bytes_max ||
        !std::all_of(name.begin(), name.end(), is_allowed)) {
        return Error{Errc::bad_name, "an event type is [A-Za-z][A-Za-z0-9._-]{0,127}"};
    }
    return {};
}

Result<void> check_label(std::string_view name)
{
    if (name.empty() || name.size() > label_bytes_max || !is_plain_utf8(name)) {
        return Error{Errc::bad_name,
                     "a name is 1 to 256 bytes of UTF-8 without control characters"};
    }
    return {};
}

Result<void> check_ledger(std::string_view name)
{
    if (!is_slug(name, ledger_bytes_max)) {
        return Error{Errc::bad_name, "a ledger is [a-z][a-z0-9_-]{0,31}"};
    }
    return {};
}

} // namespace sealstream
