#pragma once

// A place in a text of a pack, and what is wrong there.

#include <cstdint>
#include <string>
#include <vector>

namespace sealstream {

// Both count from 1; line 0 is the whole file.
struct TextPlace {
    std::uint32_t line{0};
    std::uint32_t column{0};

    friend auto operator<=>(const TextPlace&, const TextPlace&) = default;
};

struct PackProblem {
    std::string file; // within the pack: "pack.yaml"
    TextPlace place;
    std::string message; // what is wrong
    std::string remedy;  // what would be right; may be empty

    friend bool operator==(const PackProblem&, const PackProblem&) = default;
};

using PackProblems = std::vector<PackProblem>;

// "pack.yaml:12:5: unknown key \"qeries\"; did you mean queries?"
[[nodiscard]] std::string to_line(const PackProblem& problem);

} // namespace sealstream
