#include "core/event/json_tokens.hpp"

#include "core/event/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace sealstream {

bool JsonTokens::word(std::string_view word)
{
    if (std::string_view{at_, static_cast<std::size_t>(end_ - at_)}.substr(0, word.size()) !=
        word) {
        return fail(Errc::malformed, "not a JSON value");
    }
    at_ += word.size();
    return true;
}

bool JsonTokens::string(std::string_view& text)
{
    const char* const begin = ++at_;
    at_ = skip_plain(at_, end_);
    if (at_ != end_ && *at_ == '"') {
        text = {begin, static_cast<std::size_t>(at_++ - begin)};
        return true;
    }
    unescaped_.assign(begin, at_);
    while (at_ != end_ && *at_ != '"') {
        const bool is_read = *at_ == '\\' ? escape() : utf8();
        if (!is_read) {
            return false;
        }
        const char* const plain = at_;
        at_ = skip_plain(at_, end_);
        unescaped_.append(plain, at_);
    }
    text = unescaped_;
    return take('"') || fail(Errc::malformed, "a string has no end");
}

bool JsonTokens::utf8()
{
    if (static_cast<unsigned char>(*at_) < 0x20) {
        return fail(Errc::malformed, "a control character must be escaped");
    }
    const std::size_t size = utf8_sequence_size(at_, end_);
    if (size == 0) {
        return fail(Errc::invalid_utf8, "text is not UTF-8");
    }
    unescaped_.append(at_, size);
    at_ += size;
    return true;
}

bool JsonTokens::escape()
{
    constexpr std::string_view letters = "\"\\/bfnrtu";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    ++at_;
    const auto which = at_ == end_ ? std::string_view::npos : letters.find(*at_++);
    if (which == std::string_view::npos) {
        return fail(Errc::malformed, "an unknown escape");
    }
    if (which < meanings.size()) {
        unescaped_.push_back(meanings[which]);
        return true;
    }
    std::uint32_t point = 0;
    if (!four_digits(point)) {
        return false;
    }
    if (point >= 0xdc00 && point <= 0xdfff) {
        return fail(Errc::lone_surrogate, "the second half of a pair without the first");
    }
    if (point >= 0xd800 && point <= 0xdbff) {
        std::uint32_t low = 0;
        const bool has_escape = take('\\') && take('u');
        if (has_escape && !four_digits(low)) {
            return false;
        }
        if (!has_escape || low < 0xdc00 || low > 0xdfff) {
            return fail(Errc::lone_surrogate, "the first half of a pair without the second");
        }
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(point);
    return true;
}

bool JsonTokens::four_digits(std::uint32_t& point)
{
    const auto [stop, status] =
        std::from_chars(at_, at_ + std::min<std::ptrdiff_t>(4, end_ - at_), point, 16);
    if (status != std::errc{} || stop - at_ != 4) {
        return fail(Errc::malformed, "\\u needs four hexadecimal digits");
    }
    at_ = stop;
    return true;
}

void JsonTokens::append_utf8(std::uint32_t point)
{
    const auto add = [this](std::uint32_t byte) {
        unescaped_.push_back(static_cast<char>(static_cast<unsigned char>(byte)));
    };
    if (point < 0x80) {
        add(point);
        return;
    }
    if (point < 0x800) {
        add(0xc0 | (point >> 6));
    } else {
        if (point < 0x10000) {
            add(0xe0 | (point >> 12));
        } else {
            add(0xf0 | (point >> 18));
            add(0x80 | ((point >> 12) & 0x3f));
        }
        add(0x80 | ((point >> 6) & 0x3f));
    }
    add(0x80 | (point & 0x3f));
}

bool JsonTokens::digits()
{
    const char* const begin = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') {
        ++at_;
    }
    return at_ != begin;
}

bool JsonTokens::number(boost::json::value& to)
{
    const char* const begin = at_;
    const bool is_negative = take('-');
    const char* const first_digit = at_;
    if (!digits()) {
        at_ = begin;
        return fail(Errc::malformed, "not a JSON value");
    }
    if (*first_digit == '0' && at_ - first_digit > 1) {
        return fail(Errc::malformed, "a number starts with a useless zero");
    }
    bool is_integer = true;
    if (take('.')) {
        is_integer = false;
        if (!digits()) {
            return fail(Errc::malformed, "a digit is missing after the point");
        }
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
        is_integer = false;
        ++at_;
        static_cast<void>(take('+') || take('-'));
        if (!digits()) {
            return fail(Errc::malformed, "a digit is missing in the exponent");
        }
    }
    return is_integer ? integer(to, begin, is_negative) : real(to, begin);
}

bool JsonTokens::integer(boost::json::value& to, const char* begin, bool is_negative)
{
    constexpr auto signed_max =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    std::uint64_t size = 0;
    const auto read = std::from_chars(begin + (is_negative ? 1 : 0), at_, size);
    if (read.ec != std::errc{} || (is_negative && size > signed_max + 1)) {
        return fail(Errc::number_out_of_range, "an integer beyond 64 bits");
    }
    if (is_negative) {
        to = static_cast<std::int64_t>(0 - size);
    } else if (size > signed_max) {
        to = size;
    } else {
        to = static_cast<std::int64_t>(size);
    }
    return true;
}

bool JsonTokens::real(boost::json::value& to, const char* begin)
{
    double number = 0;
    const auto read = std::from_chars(begin, at_, number);
    if (read.ec == std::errc::result_out_of_range) {
        // Both ends look alike to from_chars: too small is zero, too large is refused.
        if (!is_tiny(begin)) {
            return fail(Errc::number_out_of_range, "a number that no double holds");
        }
        number = 0;
    } else if (!std::isfinite(number)) {
        return fail(Errc::number_out_of_range, "a number that no double holds");
    }
    if (std::fabs(number) < exact_integers_end && std::trunc(number) == number) {
        to = static_cast<std::int64_t>(number);
    } else {
        to = number;
    }
    return true;
}

// Whether the number literal from `begin`, known to be out of range, is below every double. The
// digits before the point (or the zeros after it) and the exponent decide; each fits since the
// text is bounded.
bool JsonTokens::is_tiny(const char* begin) const
{
    const std::string_view text{begin, static_cast<std::size_t>(at_ - begin)};
    const std::string_view digits_part = text.substr(0, text.find_first_of("eE"));
    const std::size_t point = std::min(digits_part.find('.'), digits_part.size());
    const std::size_t leading =
        std::min(digits_part.find_first_of("123456789"), digits_part.size());
    const auto magnitude = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(leading);
    if (digits_part.size() == text.size()) {
        return magnitude < 0;
    }
    std::string_view exponent = text.substr(digits_part.size() + 1);
    const bool is_negative = exponent.front() == '-';
    exponent.remove_prefix(exponent.front() == '-' || exponent.front() == '+' ? 1 : 0);
    std::int64_t power = 0;
    const auto read = std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
    if (read.ec == std::errc::result_out_of_range || power > 1'000'000'000'000) {
        return is_negative; // beyond what any text of ours has digits to make up for
    }
    return magnitude + (is_negative ? -power : power) < 0;
}

} // namespace sealstream
