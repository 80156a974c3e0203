#include "core/event/position.hpp"

#include <charconv>
#include <limits>

namespace sealstream {

Result<std::uint64_t> parse_place(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = status == std::errc{} && end == text.data() + text.size();
    const bool has_leading_zero = text.size() > 1 && text.front() == '0';
    if (!is_whole || has_leading_zero || number > std::numeric_limits<std::int64_t>::max()) {
        return Error{Errc::malformed, "not a decimal place: digits only, at most 2^63-1"};
    }
    return number;
}

} // namespace sealstream
