#pragma once

// Lines of standard input in batches: as many as are there already, so that one who types is
// answered line by line and a file goes in large steps. Blocks.

#include <string>
#include <vector>

namespace sealstream::cli {

class StdinLines {
public:
    struct Limits {
        std::size_t lines_max;
        std::size_t bytes_max; // a longer line still comes whole
    };
    // At least one line, also when it is empty, because lines are counted; none at the end.
    [[nodiscard]] std::vector<std::string> next_batch(Limits limits);

private:
    [[nodiscard]] bool read_more();
    std::string buffer_;
    std::size_t at_{0};
    bool has_ended_{false};
};

} // namespace sealstream::cli
