#include "core/packs/sql_tokens.hpp"

#include <algorithm>

namespace sealstream {

namespace {

bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

char lowered(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

class Tokenizer {
public:
    Tokenizer(std::string_view text, TextPlace begin) : text_{text}, place_{begin} {}

    SqlTokens run()
    {
        while (at_ < text_.size() && result_.faults.empty()) {
            if (is_space(text_[at_])) {
                move(1);
            } else if (looks_at("--")) {
                const std::size_t end = text_.find('\n', at_);
                move(std::min(end, text_.size()) - at_);
            } else if (looks_at("/*")) {
                skip_comment();
            } else {
                take_token();
            }
        }
        return std::move(result_);
    }

private:
    [[nodiscard]] bool looks_at(std::string_view what) const
    {
        return text_.substr(at_).starts_with(what);
    }

    [[nodiscard]] char ahead(std::size_t by) const
    {
        return at_ + by < text_.size() ? text_[at_ + by] : '\0';
    }

    void move(std::size_t bytes)
    {
        for (std::size_t end = at_ + bytes; at_ < end; ++at_) {
            const bool is_line_end = text_[at_] == '\n';
            place_.line += is_line_end ? 1U : 0U;
            place_.column = is_line_end ? 1U : place_.column + 1U;
        }
    }

    void fail(std::string message) { result_.faults.push_back({place_, std::move(message), {}}); }

    void add(SqlTokenKind kind, std::size_t bytes, std::string_view inside = {})
    {
        result_.tokens.push_back({kind, text_.substr(at_, bytes), inside, place_, at_});
        move(bytes);
    }

    void skip_comment()
    {
        std::size_t depth = 0;
        std::size_t end = at_;
        do {
            const std::string_view rest = text_.substr(end);
            if (rest.empty()) {
                fail("this comment does not end");
                return;
            }
            const bool opens = rest.starts_with("/*");
            const bool closes = rest.starts_with("*/");
            depth = depth + (opens ? 1U : 0U) - (closes ? 1U : 0U);
            end += opens || closes ? 2U : 1U;
        } while (depth != 0);
        move(end - at_);
    }

    // Bytes of a run of such letters from `by` on.
    template <class Is>
    [[nodiscard]] std::size_t run_of(std::size_t by, Is is) const
    {
        const auto first = text_.begin() + static_cast<std::ptrdiff_t>(at_ + by);
        return static_cast<std::size_t>(std::find_if_not(first, text_.end(), is) - first);
    }

    [[nodiscard]] std::size_t word_bytes(std::size_t by) const
    {
        return is_letter(ahead(by)) ? run_of(by, [](char c) { return is_letter(c) || is_digit(c); })
                                    : 0;
    }

    void take_token()
    {
        const char c = text_[at_];
        const char next = ahead(1);
        if ((c == 'e' || c == 'E') && next == '\'') {
            take_quoted(1, '\'', true, SqlTokenKind::text);
        } else if (c == '\'') {
            take_quoted(0, '\'', false, SqlTokenKind::text);
        } else if (c == '"') {
            take_quoted(0, '"', false, SqlTokenKind::name);
        } else if (is_letter(c)) {
            add(SqlTokenKind::word,
                run_of(0, [](char x) { return is_letter(x) || is_digit(x) || x == '$'; }));
        } else if (is_digit(c) || (c == '.' && is_digit(next))) {
            add(SqlTokenKind::number,
                run_of(0, [](char x) { return is_letter(x) || is_digit(x) || x == '.'; }));
        } else if (c == ':' && (next == ':' || next == '=')) {
            add(SqlTokenKind::symbol, 2);
        } else if (c == ':' && word_bytes(1) != 0) {
            const std::size_t bytes = word_bytes(1);
            add(SqlTokenKind::parameter, bytes + 1, text_.substr(at_ + 1, bytes));
        } else if (c == '$') {
            take_dollar();
        } else {
            add(SqlTokenKind::symbol, 1);
        }
    }

    // The quote stands `by` bytes ahead; doubled it is a part of the text.
    void take_quoted(std::size_t by, char quote, bool has_escapes, SqlTokenKind kind)
    {
        std::size_t length = by + 1;
        while (true) {
            const char c = ahead(length);
            if (at_ + length >= text_.size()) {
                fail(kind == SqlTokenKind::text ? "this text does not end"
                                                : "this name does not end");
                return;
            }
            const bool is_pair =
                (has_escapes && c == '\\') || (c == quote && ahead(length + 1) == quote);
            if (c == quote && !is_pair) {
                break;
            }
            length += is_pair ? 2U : 1U;
        }
        add(kind, length + 1, text_.substr(at_ + by + 1, length - by - 1));
    }

    void take_dollar()
    {
        const std::size_t tag = word_bytes(1) + 2; // $tag$
        if (ahead(tag - 1) != '$') {
            add(SqlTokenKind::symbol, 1 + run_of(1, is_digit));
            return;
        }
        const std::string_view mark = text_.substr(at_, tag);
        const std::size_t end = text_.find(mark, at_ + tag);
        if (end == std::string_view::npos) {
            fail("this body does not end: a second " + std::string{mark} + " is missing");
            return;
        }
        add(SqlTokenKind::body, end + tag - at_, text_.substr(at_ + tag, end - at_ - tag));
    }

    const std::string_view text_;
    TextPlace place_;
    std::size_t at_{0};
    SqlTokens result_;
};

} // namespace

SqlTokens tokenize_sql(std::string_view text, TextPlace begin)
{
    return Tokenizer{text, begin}.run();
}

bool is_word(const SqlToken& token, std::string_view lower) noexcept
{
    return token.kind == SqlTokenKind::word &&
           std::equal(token.text.begin(), token.text.end(), lower.begin(), lower.end(),
                      [](char left, char right) { return lowered(left) == right; });
}

} // namespace sealstream
