#include "core/packs/text_place.hpp"

namespace sealstream {

std::string to_line(const PackProblem& problem)
{
    std::string line = problem.file;
    if (problem.place.line != 0) {
        line +=
            ":" + std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column);
    }
    line += ": " + problem.message;
    return problem.remedy.empty() ? line : line + "; " + problem.remedy;
}

} // namespace sealstream
