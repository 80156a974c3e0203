#include "core/packs/sql_rules.hpp"

#include "core/base/nearest_word.hpp"
#include "core/packs/sql_words.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace sealstream {

namespace {

using Tokens = std::span<const SqlToken>;

constexpr std::size_t body_depth_max = 4; // bodies in bodies
constexpr std::string_view rows_tag = "$sealstream$";

// What a statement may begin with.
struct UseRule {
    SqlUse use;
    bool is_single;
    bool must_repeat;                          // the same result whenever it runs
    std::vector<std::string_view> first_words; // empty: any
    std::string_view remedy;
};

const UseRule& rule_of(SqlUse use)
{
    static const std::array<UseRule, 6> rules{{
        {SqlUse::tables,
         false,
         false,
         {"create", "comment", "alter", "insert"},
         "tables are made with CREATE TABLE, TYPE, DOMAIN, VIEW, FUNCTION or INDEX"},
        {SqlUse::indexes, false, false, {"create", "comment"}, "write CREATE INDEX"},
        {SqlUse::apply,
         false,
         true,
         {"insert", "update", "delete", "merge", "with", "select"},
         "write INSERT, UPDATE, DELETE, MERGE, WITH or SELECT"},
        {SqlUse::rows, false, true, {}, ""},
        {SqlUse::query, true, false, {"select", "with", "values"}, "write one SELECT"},
        {SqlUse::expression, true, true, {}, "write one expression"},
    }};
    return *std::find_if(rules.begin(), rules.end(),
                         [use](const UseRule& rule) { return rule.use == use; });
}

bool is_symbol(const SqlToken& token, std::string_view text)
{
    return token.kind == SqlTokenKind::symbol && token.text == text;
}

bool is_any(const SqlToken& token, std::span<const std::string_view> words)
{
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return is_word(token, word); });
}

// Whether a statement, also one inside a body, may begin behind this token.
bool ends_statement(const SqlToken& token)
{
    constexpr std::array openers{std::string_view{"begin"}, std::string_view{"then"},
                                 std::string_view{"else"}, std::string_view{"loop"}};
    return is_symbol(token, ";") || is_any(token, openers);
}

class SqlChecker {
public:
    SqlChecker(const UseRule& rule, const SqlNames& names) : rule_{rule}, names_{names} {}

    CheckedSql run(std::string_view text, TextPlace begin)
    {
        auto cut = tokenize_sql(text, begin);
        if (!cut.faults.empty()) {
            result_.faults = std::move(cut.faults);
            return std::move(result_);
        }
        Tokens tokens = cut.tokens;
        while (!tokens.empty() && is_symbol(tokens.back(), ";") && rule_.use != SqlUse::rows) {
            tokens = tokens.first(tokens.size() - 1);
        }
        if (tokens.empty()) {
            fail(begin, "there is no SQL here", rule_.remedy);
            return std::move(result_);
        }
        check_brackets(tokens);
        check_statements(tokens);
        check_words(tokens, 0);
        bind(text, tokens);
        if (rule_.use == SqlUse::rows && text.find(rows_tag) != std::string_view::npos) {
            fail(begin, std::string{rows_tag} + " is the engine's own mark", "use another tag");
        }
        std::stable_sort(
            result_.faults.begin(), result_.faults.end(),
            [](const auto& left, const auto& right) { return left.place < right.place; });
        return std::move(result_);
    }

private:
    void fail(TextPlace place, std::string message, std::string_view remedy)
    {
        result_.faults.push_back({place, std::move(message), std::string{remedy}});
    }

    void check_brackets(Tokens tokens)
    {
        std::vector<const SqlToken*> open;
        for (const auto& token : tokens) {
            if (is_symbol(token, "(") || is_symbol(token, "[")) {
                open.push_back(&token);
            } else if (is_symbol(token, ")") || is_symbol(token, "]")) {
                const char opener = token.text == ")" ? '(' : '[';
                if (open.empty() || open.back()->text.front() != opener) {
                    fail(token.place, "this closes nothing", {});
                    return;
                }
                open.pop_back();
            }
        }
        if (!open.empty()) {
            fail(open.back()->place, "this is not closed", {});
        }
    }

    // First words, and how many statements there are.
    void check_statements(Tokens tokens)
    {
        bool is_first = true;
        std::size_t count = 0;
        std::size_t atomic = 0; // BEGIN ATOMIC … END, in which CASE … END may stand
        for (std::size_t at = 0; at < tokens.size(); ++at) {
            const auto& token = tokens[at];
            if (is_first && !is_symbol(token, ";")) {
                check_first(token, ++count);
                is_first = false;
            }
            const bool begins = is_word(token, "atomic") || (atomic > 0 && is_word(token, "case"));
            atomic += begins ? 1U : 0U;
            atomic -= atomic > 0 && is_word(token, "end") ? 1U : 0U;
            is_first = is_first || (is_symbol(token, ";") && atomic == 0);
        }
    }

    void check_first(const SqlToken& token, std::size_t count)
    {
        if (rule_.is_single && count == 2) {
            fail(token.place, "a second statement begins here", rule_.remedy);
        }
        const bool is_open = rule_.first_words.empty() || is_symbol(token, "(");
        if (!is_open && !is_any(token, rule_.first_words)) {
            fail(token.place, "a statement may not begin with " + std::string{token.text},
                 rule_.remedy);
        }
    }

    void check_words(Tokens tokens, std::size_t depth)
    {
        for (std::size_t at = 0; at < tokens.size(); ++at) {
            const bool is_first = at == 0 || ends_statement(tokens[at - 1]);
            const bool is_member =
                at > 1 && is_symbol(tokens[at - 1], ".") && !is_word(tokens[at - 2], "pg_catalog");
            if (!is_member) {
                check_phrases(tokens.subspan(at), is_first);
                check_calls(tokens.subspan(at));
            }
            if (rule_.use == SqlUse::query && writes(tokens.subspan(at))) {
                fail(tokens[at].place, "a query only reads", "write one SELECT");
            }
            const bool may_be_code = rule_.use == SqlUse::tables || rule_.use == SqlUse::rows;
            if (tokens[at].kind == SqlTokenKind::body && may_be_code) {
                check_body(tokens[at], depth);
            }
        }
    }

    void check_phrases(Tokens tokens, bool is_first)
    {
        for (const auto& phrase : refused_phrases()) {
            const bool fits = (is_first || !phrase.is_statement) &&
                              tokens.size() >= phrase.words.size() &&
                              std::equal(phrase.words.begin(), phrase.words.end(), tokens.begin(),
                                         [](std::string_view word, const SqlToken& token) {
                                             return is_word(token, word);
                                         });
            if (fits) {
                std::string words;
                for (const auto word : phrase.words) {
                    words += (words.empty() ? "" : " ") + std::string{word};
                }
                fail(tokens.front().place, "a pack may not " + words, phrase.why);
            }
        }
    }

    void check_calls(Tokens tokens)
    {
        const bool is_call = tokens.size() > 1 && is_symbol(tokens[1], "(");
        const std::string name{tokens[0].text};
        if (is_call && is_any(tokens[0], refused_functions())) {
            fail(tokens[0].place, "a pack may not call " + name, why_outside);
        }
        const bool changes = (is_call && is_any(tokens[0], changing_functions())) ||
                             is_any(tokens[0], changing_words());
        if (rule_.must_repeat && changes) {
            fail(tokens[0].place, name + " differs each time a fold runs",
                 "use a column of the event: ingested, position, id");
        }
        if (rule_.use == SqlUse::tables && is_any(tokens[0], serial_types())) {
            fail(tokens[0].place, "numbers of " + name + " differ after a rebuild",
                 "use bigint and the event's position");
        }
        if (tokens.size() > 1 && is_word(tokens[0], "sealstream") && is_symbol(tokens[1], ".")) {
            fail(tokens[0].place, "a pack may not name the engine's own tables", why_outside);
        }
    }

    static bool writes(Tokens tokens)
    {
        const auto is_pair = [&](std::string_view first, std::string_view second) {
            return tokens.size() > 1 && is_word(tokens[0], first) && is_word(tokens[1], second);
        };
        return is_pair("insert", "into") || is_pair("delete", "from") || is_pair("merge", "into") ||
               (tokens.size() > 1 && is_symbol(tokens[0], "(") && is_word(tokens[1], "update"));
    }

    void check_body(const SqlToken& body, std::size_t depth)
    {
        if (depth == body_depth_max) {
            fail(body.place, "bodies are nested too deep", {});
            return;
        }
        const std::size_t tag = (body.text.size() - body.inside.size()) / 2;
        const auto cut = tokenize_sql(
            body.inside, {body.place.line, body.place.column + static_cast<std::uint32_t>(tag)});
        check_words(cut.tokens, depth + 1);
    }

    void bind(std::string_view text, Tokens tokens)
    {
        const std::size_t begin = tokens.front().offset;
        const std::size_t end = tokens.back().offset + tokens.back().text.size();
        std::size_t copied = begin;
        for (const auto& token : tokens) {
            if (token.kind == SqlTokenKind::symbol && token.text.front() == '$') {
                fail(token.place, "values have names",
                     "write :owner, not " + std::string{token.text});
            }
            if (token.kind != SqlTokenKind::parameter) {
                continue;
            }
            result_.sql.text += text.substr(copied, token.offset - copied);
            result_.sql.text += bound(token);
            copied = token.offset + token.text.size();
        }
        result_.sql.text += text.substr(copied, end - copied);
    }

    std::string bound(const SqlToken& token)
    {
        const auto known = names_.find(token.inside);
        if (known == names_.end()) {
            fail(token.place, "there is no value :" + std::string{token.inside},
                 what_there_is(token));
            return std::string{token.text};
        }
        auto& all = result_.sql.parameters;
        auto place = std::find(all.begin(), all.end(), token.inside);
        if (place == all.end()) {
            place = all.insert(all.end(), std::string{token.inside});
        }
        return "($" + std::to_string(place - all.begin() + 1) + "::" + known->second + ")";
    }

    [[nodiscard]] std::string what_there_is(const SqlToken& token) const
    {
        std::vector<std::string> known;
        std::string list;
        for (const auto& [name, type] : names_) {
            known.push_back(name);
            list += (list.empty() ? ":" : ", :") + name;
        }
        if (const auto meant = nearest_word(token.inside, known)) {
            return "did you mean :" + *meant + "?";
        }
        return known.empty() ? "nothing has a name here" : "there are " + list;
    }

    const UseRule& rule_;
    const SqlNames& names_;
    CheckedSql result_;
};

} // namespace

CheckedSql check_sql(std::string_view text, SqlUse use, const SqlNames& names, TextPlace begin)
{
    return SqlChecker{rule_of(use), names}.run(text, begin);
}

} // namespace sealstream
