#pragma once

// For "did you mean".

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

// How many letters must change to make one of the other.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

// The one that was probably meant: at most three letters away, and nearer than half the word.
[[nodiscard]] std::optional<std::string> nearest_word(std::string_view word,
                                                      const std::vector<std::string>& known);

} // namespace sealstream
