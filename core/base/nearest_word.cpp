#include "core/base/nearest_word.hpp"

#include <algorithm>
#include <numeric>

namespace sealstream {

namespace {

constexpr std::size_t typing_errors_max = 3; // letters

} // namespace

std::size_t edit_distance(std::string_view left, std::string_view right)
{
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t at = 0; at < left.size(); ++at) {
        std::size_t diagonal = row[0];
        row[0] = at + 1;
        for (std::size_t to = 0; to < right.size(); ++to) {
            const std::size_t replaced = diagonal + (left[at] == right[to] ? 0U : 1U);
            diagonal = row[to + 1];
            row[to + 1] = std::min({replaced, row[to] + 1, row[to + 1] + 1});
        }
    }
    return row.back();
}

std::optional<std::string> nearest_word(std::string_view word,
                                        const std::vector<std::string>& known)
{
    const auto nearest =
        std::min_element(known.begin(), known.end(), [word](const auto& left, const auto& right) {
            return edit_distance(word, left) < edit_distance(word, right);
        });
    if (nearest == known.end()) {
        return {};
    }
    const std::size_t distance = edit_distance(word, *nearest);
    const bool is_near = distance <= typing_errors_max && distance * 2 <= word.size();
    return is_near ? std::optional{*nearest} : std::nullopt;
}

} // namespace sealstream
