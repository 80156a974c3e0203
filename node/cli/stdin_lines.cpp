#include "node/cli/stdin_lines.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace sealstream::cli {

namespace {

constexpr std::size_t read_bytes = 64 << 10;

bool is_more_there()
{
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return ::poll(&input, 1, 0) > 0;
}

} // namespace

bool StdinLines::read_more()
{
    std::array<char, read_bytes> piece{};
    ssize_t size = -1;
    do {
        size = ::read(STDIN_FILENO, piece.data(), piece.size());
    } while (size < 0 && errno == EINTR);
    buffer_.erase(0, at_);
    at_ = 0;
    if (size <= 0) {
        has_ended_ = true;
        if (!buffer_.empty() && buffer_.back() != '\n') {
            buffer_.push_back('\n'); // the last line may lack its end
        }
        return !buffer_.empty();
    }
    buffer_.append(piece.data(), static_cast<std::size_t>(size));
    return true;
}

std::vector<std::string> StdinLines::next_batch(Limits limits)
{
    std::vector<std::string> lines;
    std::size_t bytes = 0;
    while (lines.size() < limits.lines_max && bytes < limits.bytes_max) {
        const auto end = buffer_.find('\n', at_);
        if (end != std::string::npos) {
            lines.push_back(buffer_.substr(at_, end - at_));
            at_ = end + 1;
            bytes += lines.back().size() + 1;
            continue;
        }
        const bool may_wait = lines.empty();
        if (has_ended_ || (!may_wait && !is_more_there()) || !read_more()) {
            break;
        }
    }
    return lines;
}

} // namespace sealstream::cli
