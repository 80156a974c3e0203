#include "core/schema/pattern.hpp"

#include <array>
#include <charconv>
#include <re2/re2.h>
#include <re2/stringpiece.h>

namespace sealstream {

namespace {

// ECMA-262: WhiteSpace and LineTerminator.
constexpr std::string_view space =
    R"(\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr std::string_view line_ends = R"(\n\r\x{2028}\x{2029})";

Error unsupported(std::string what)
{
    return Error{Errc::malformed, "patterns can not have " + std::move(what)};
}

class Translator {
public:
    explicit Translator(std::string_view ecma) : ecma_{ecma} {}

    Result<std::string> run()
    {
        while (at_ < ecma_.size()) {
            SEAL_TRY_VOID(step());
        }
        if (is_in_class_) {
            return Error{Errc::malformed, "a class has no end"};
        }
        return std::move(out_);
    }

private:
    Result<void> step()
    {
        const char letter = ecma_[at_];
        if (letter == '\\') {
            ++at_;
            return escape();
        }
        if (is_in_class_) {
            return in_class(letter);
        }
        if (letter == '[') {
            return open_class();
        }
        if (letter == '(' && ecma_.substr(at_).starts_with("(?")) {
            if (!ecma_.substr(at_).starts_with("(?:")) {
                return unsupported("groups that begin with (? other than (?:");
            }
            out_.append("(?:");
            at_ += 3;
            return {};
        }
        if (letter == '.') {
            out_.append("[^").append(line_ends).append("]");
        } else {
            out_.push_back(letter);
        }
        ++at_;
        return {};
    }

    Result<void> open_class()
    {
        out_.push_back('[');
        ++at_;
        if (ecma_.substr(at_).starts_with("^")) {
            out_.push_back('^');
            ++at_;
        }
        if (ecma_.substr(at_).starts_with("]")) {
            return unsupported("empty classes");
        }
        is_in_class_ = true;
        return {};
    }

    Result<void> in_class(char letter)
    {
        if (letter == ']') {
            is_in_class_ = false;
        } else if (letter == '[') {
            out_.push_back('\\'); // RE2 would look for [:alpha:]
        }
        out_.push_back(letter);
        ++at_;
        return {};
    }

    Result<void> escape()
    {
        if (at_ == ecma_.size()) {
            return Error{Errc::malformed, "a pattern ends in \\"};
        }
        const char letter = ecma_[at_++];
        constexpr std::string_view same{"dDwWfnrtv"};
        constexpr std::string_view syntax{"^$\\.*+?()[]{}|/-"};
        if (same.find(letter) != std::string_view::npos ||
            syntax.find(letter) != std::string_view::npos) {
            out_.push_back('\\');
            out_.push_back(letter);
            return {};
        }
        switch (letter) {
        case 's':
            out_.append(is_in_class_ ? "" : "[").append(space).append(is_in_class_ ? "" : "]");
            return {};
        case 'S':
            if (is_in_class_) {
                return unsupported("\\S inside a class");
            }
            out_.append("[^").append(space).append("]");
            return {};
        case 'b':
            out_.append(is_in_class_ ? "\\x08" : "\\b");
            return {};
        case 'B':
            if (is_in_class_) {
                return unsupported("\\B inside a class");
            }
            out_.append("\\B");
            return {};
        case 'x':
            return hexadecimal(2);
        case 'u':
            return unicode();
        case 'c':
            return control();
        case 'p':
        case 'P':
            return property(letter);
        default:
            return unsupported(std::string{"\\"} + letter);
        }
    }

    Result<std::uint32_t> digits(std::size_t count)
    {
        std::uint32_t point = 0;
        const auto text = ecma_.substr(at_, count);
        const auto read = std::from_chars(text.data(), text.data() + text.size(), point, 16);
        if (text.size() != count || read.ptr != text.data() + count || read.ec != std::errc{}) {
            return Error{Errc::malformed, "an escape lacks hexadecimal digits"};
        }
        at_ += count;
        return point;
    }

    void append_point(std::uint32_t point)
    {
        std::array<char, 8> text{};
        const auto end = std::to_chars(text.data(), text.data() + text.size(), point, 16);
        out_.append("\\x{").append(text.data(), end.ptr).append("}");
    }

    Result<void> hexadecimal(std::size_t count)
    {
        SEAL_TRY(point, digits(count));
        append_point(point);
        return {};
    }

    Result<void> unicode()
    {
        if (ecma_.substr(at_).starts_with("{")) {
            const auto end = ecma_.find('}', at_);
            if (end == std::string_view::npos || end - at_ < 2 || end - at_ > 7) {
                return Error{Errc::malformed, "\\u{…} has 1 to 6 hexadecimal digits"};
            }
            ++at_;
            SEAL_TRY_VOID(hexadecimal(end - at_));
            ++at_;
            return {};
        }
        SEAL_TRY(high, digits(4));
        if (high >= 0xd800 && high <= 0xdbff && ecma_.substr(at_).starts_with("\\u")) {
            at_ += 2;
            SEAL_TRY(low, digits(4));
            if (low < 0xdc00 || low > 0xdfff) {
                return Error{Errc::malformed, "an escape names half of a surrogate pair"};
            }
            append_point(0x10000 + ((high - 0xd800) << 10U) + (low - 0xdc00));
            return {};
        }
        if (high >= 0xd800 && high <= 0xdfff) {
            return Error{Errc::malformed, "an escape names half of a surrogate pair"};
        }
        append_point(high);
        return {};
    }

    Result<void> control()
    {
        const char letter = at_ < ecma_.size() ? ecma_[at_++] : '\0';
        if (!((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z'))) {
            return Error{Errc::malformed, "\\c is followed by a letter"};
        }
        append_point(static_cast<std::uint32_t>(letter) & 0x1fU);
        return {};
    }

    Result<void> property(char letter)
    {
        const auto end = ecma_.find('}', at_);
        if (!ecma_.substr(at_).starts_with("{") || end == std::string_view::npos) {
            return Error{Errc::malformed, "\\p is followed by {…}"};
        }
        out_.push_back('\\');
        out_.push_back(letter);
        out_.append(ecma_.substr(at_, end + 1 - at_));
        at_ = end + 1;
        return {};
    }

    std::string_view ecma_;
    std::size_t at_{0};
    bool is_in_class_{false};
    std::string out_;
};

} // namespace

struct Pattern::Compiled {
    explicit Compiled(const std::string& text, const RE2::Options& options) : regex{text, options}
    {
    }
    RE2 regex;
};

Result<std::string> to_re2(std::string_view ecma)
{
    return Translator{ecma}.run();
}

Result<Pattern> Pattern::compile(std::string_view ecma)
{
    if (ecma.size() > pattern_bytes_max) {
        return Error{Errc::too_large,
                     "a pattern has at most " + std::to_string(pattern_bytes_max) + " bytes"};
    }
    SEAL_TRY(text, to_re2(ecma));
    RE2::Options options;
    options.set_log_errors(false);
    options.set_never_capture(true);
    options.set_max_mem(pattern_memory_bytes_max);
    auto compiled = std::make_shared<const Compiled>(text, options);
    if (!compiled->regex.ok()) {
        return Error{Errc::malformed, "the pattern is refused: " + compiled->regex.error()};
    }
    return Pattern{std::move(compiled)};
}

bool Pattern::matches(std::string_view text) const
{
    // Its own view of a text, which newer versions no longer make of the standard one.
    return RE2::PartialMatch(re2::StringPiece{text.data(), text.size()}, compiled_->regex);
}

} // namespace sealstream
