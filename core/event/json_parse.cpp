// The strict reader: recursive descent straight into a boost::json::value. A fault travels up as
// `false`, and every level puts its own step in front of the pointer, so that success pays nothing
// for it.

#include "core/event/canonical_json.hpp"
#include "core/event/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace sealstream {

namespace {

namespace json = boost::json;

class Parser {
public:
    Parser(std::string_view text, std::size_t depth_max)
        : at_{text.data()},
          end_{text.data() + text.size()},
          depth_max_{depth_max}
    {
    }

    bool document(json::value& to)
    {
        skip_space();
        if (!value(to, 0)) {
            return false;
        }
        skip_space();
        return at_ == end_ || fail(Errc::malformed, "more than one JSON value");
    }

    Error take_error() { return std::move(error_); }

private:
    bool fail(Errc code, const char* context)
    {
        error_.code = code;
        error_.context = context;
        return false;
    }

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
        error_.pointer.insert(0, pointer);
    }

    void skip_space()
    {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) {
            ++at_;
        }
    }

    bool take(char letter)
    {
        if (at_ == end_ || *at_ != letter) {
            return false;
        }
        ++at_;
        return true;
    }

    bool take_word(std::string_view word)
    {
        if (std::string_view{at_, static_cast<std::size_t>(end_ - at_)}.substr(0, word.size()) !=
            word) {
            return fail(Errc::malformed, "not a JSON value");
        }
        at_ += word.size();
        return true;
    }

    bool value(json::value& to, std::size_t depth)
    {
        if (at_ == end_) {
            return fail(Errc::malformed, "a JSON value is missing");
        }
        switch (*at_) {
        case '{':
            return object(to.emplace_object(), depth + 1);
        case '[':
            return array(to.emplace_array(), depth + 1);
        case '"': {
            std::string_view text;
            if (!string(text)) {
                return false;
            }
            to.emplace_string().assign(text.data(), text.size());
            return true;
        }
        case 't':
            to = true;
            return take_word("true");
        case 'f':
            to = false;
            return take_word("false");
        case 'n':
            to = nullptr;
            return take_word("null");
        default:
            return number(to);
        }
    }

    bool object(json::object& to, std::size_t depth)
    {
        if (depth > depth_max_) {
            return fail(Errc::too_deep, "nested deeper than the limit");
        }
        ++at_;
        skip_space();
        if (take('}')) {
            return true;
        }
        do {
            skip_space();
            std::string_view name;
            if (at_ == end_ || *at_ != '"') {
                return fail(Errc::malformed, "a member name is missing");
            }
            if (!string(name)) {
                return false;
            }
            const auto [member, is_new] =
                to.emplace(json::string_view{name.data(), name.size()}, nullptr);
            if (!is_new) {
                prepend_step(name);
                return fail(Errc::duplicate_key, "the object names this member twice");
            }
            skip_space();
            const bool has_colon = take(':');
            skip_space();
            const bool is_read = has_colon ? value(member->value(), depth)
                                           : fail(Errc::malformed, "':' is missing after the name");
            if (!is_read) {
                prepend_step({member->key().data(), member->key().size()});
                return false;
            }
            skip_space();
        } while (take(','));
        return take('}') || fail(Errc::malformed, "',' or '}' is missing");
    }

    bool array(json::array& to, std::size_t depth)
    {
        if (depth > depth_max_) {
            return fail(Errc::too_deep, "nested deeper than the limit");
        }
        ++at_;
        skip_space();
        if (take(']')) {
            return true;
        }
        do {
            skip_space();
            if (!value(to.emplace_back(nullptr), depth)) {
                prepend_step(std::to_string(to.size() - 1));
                return false;
            }
            skip_space();
        } while (take(','));
        return take(']') || fail(Errc::malformed, "',' or ']' is missing");
    }

    // The text stays valid until the next string is read.
    bool string(std::string_view& text)
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

    bool utf8()
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

    bool escape()
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

    bool four_digits(std::uint32_t& point)
    {
        const auto [stop, status] =
            std::from_chars(at_, at_ + std::min<std::ptrdiff_t>(4, end_ - at_), point, 16);
        if (status != std::errc{} || stop - at_ != 4) {
            return fail(Errc::malformed, "\\u needs four hexadecimal digits");
        }
        at_ = stop;
        return true;
    }

    void append_utf8(std::uint32_t point)
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

    bool digits()
    {
        const char* const begin = at_;
        while (at_ != end_ && *at_ >= '0' && *at_ <= '9') {
            ++at_;
        }
        return at_ != begin;
    }

    bool number(json::value& to)
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

    bool integer(json::value& to, const char* begin, bool is_negative)
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

    bool real(json::value& to, const char* begin)
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
    bool is_tiny(const char* begin) const
    {
        const std::string_view text{begin, static_cast<std::size_t>(at_ - begin)};
        const std::string_view digits_part = text.substr(0, text.find_first_of("eE"));
        const std::size_t point = std::min(digits_part.find('.'), digits_part.size());
        const std::size_t leading =
            std::min(digits_part.find_first_of("123456789"), digits_part.size());
        const auto magnitude =
            static_cast<std::int64_t>(point) - static_cast<std::int64_t>(leading);
        if (digits_part.size() == text.size()) {
            return magnitude < 0;
        }
        std::string_view exponent = text.substr(digits_part.size() + 1);
        const bool is_negative = exponent.front() == '-';
        exponent.remove_prefix(exponent.front() == '-' || exponent.front() == '+' ? 1 : 0);
        std::int64_t power = 0;
        const auto read =
            std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
        if (read.ec == std::errc::result_out_of_range || power > 1'000'000'000'000) {
            return is_negative; // beyond what any text of ours has digits to make up for
        }
        return magnitude + (is_negative ? -power : power) < 0;
    }

    const char* at_;
    const char* const end_;
    const std::size_t depth_max_;
    std::string unescaped_;
    Error error_;
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
