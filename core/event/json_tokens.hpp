#pragma once

// The words of strict JSON text, read one after another. Each reader returns false after noting
// what is wrong in `error`; nothing may be read then.

#include "core/base/result.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace sealstream {

class JsonTokens {
public:
    explicit JsonTokens(std::string_view text) : at_{text.data()}, end_{text.data() + text.size()}
    {
    }

    [[nodiscard]] bool is_at_end() const { return at_ == end_; }
    [[nodiscard]] bool is_at(char letter) const { return at_ != end_ && *at_ == letter; }
    [[nodiscard]] char front() const { return *at_; } // not at the end

    void step() { ++at_; }
    void skip_space()
    {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) {
            ++at_;
        }
    }

    [[nodiscard]] bool take(char letter)
    {
        if (!is_at(letter)) {
            return false;
        }
        ++at_;
        return true;
    }

    // "true", "false" or "null", to the letter.
    [[nodiscard]] bool word(std::string_view word);

    // From the opening quote. The text stays valid until the next string is read.
    [[nodiscard]] bool string(std::string_view& text);

    // An int64, a uint64 above its range, or a double that is no integer below 2^53.
    [[nodiscard]] bool number(boost::json::value& to);

    bool fail(Errc code, const char* context)
    {
        error.code = code;
        error.context = context;
        return false;
    }

    Error error;

private:
    [[nodiscard]] bool utf8();
    [[nodiscard]] bool escape();
    [[nodiscard]] bool four_digits(std::uint32_t& point);
    void append_utf8(std::uint32_t point);
    [[nodiscard]] bool digits();
    [[nodiscard]] bool integer(boost::json::value& to, const char* begin, bool is_negative);
    [[nodiscard]] bool real(boost::json::value& to, const char* begin);
    [[nodiscard]] bool is_tiny(const char* begin) const;

    const char* at_;
    const char* const end_;
    std::string unescaped_;
};

} // namespace sealstream
