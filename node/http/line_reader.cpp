#include "node/http/line_reader.hpp"

namespace sealstream::http {

Task<Result<std::optional<std::string_view>>> LineReader::next()
{
    std::size_t searched = at_;
    for (;;) {
        const auto end = held_.find('\n', searched);
        if (end != std::string::npos || (is_at_end_ && at_ < held_.size())) {
            std::string_view line = std::string_view{held_}.substr(
                at_, end == std::string::npos ? std::string::npos : end - at_);
            at_ = end == std::string::npos ? held_.size() : end + 1;
            if (!line.empty() && line.back() == '\r') {
                line.remove_suffix(1);
            }
            ++line_number_;
            co_return std::optional{line};
        }
        if (is_at_end_) {
            co_return std::optional<std::string_view>{};
        }
        if (held_.size() - at_ > line_bytes_max_) {
            ++line_number_;
            co_return Error{Errc::too_large,
                            "a line is longer than " + std::to_string(line_bytes_max_) + " bytes"};
        }
        held_.erase(0, at_);
        at_ = 0;
        searched = held_.size();
        const auto piece = co_await body_.read_some();
        if (!piece) {
            ++line_number_;
            co_return piece.error();
        }
        is_at_end_ = piece->empty();
        held_.append(*piece);
    }
}

} // namespace sealstream::http
