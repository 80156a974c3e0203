#pragma once

// Request targets: percent-encoding (RFC 3986, 2.1) and query parameters.

#include "core/base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sealstream::http {

//   malformed   '%' without two hexadecimal digits
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, bool is_query = false);

// Encodes everything but unreserved characters, so that the result is one path segment.
[[nodiscard]] std::string percent_encode(std::string_view text);

// Takes the first segment, and the slash behind it, off the front of `path`.
[[nodiscard]] std::string_view take_segment(std::string_view& path) noexcept;

class Query {
public:
    //   malformed   bad percent-encoding; the pointer names no place, the context the parameter
    [[nodiscard]] static Result<Query> parse(std::string_view text);

    // Whether only parameters come that are in `list`: names with blanks between them; "name*" may
    // come several times, "name?" may be empty. A misspelt parameter that is silently ignored
    // answers another question than the one asked, and so does an empty or a second one.
    //   malformed   with the parameter's name
    [[nodiscard]] Result<void> check(std::string_view list) const;

    [[nodiscard]] bool has(std::string_view name) const noexcept;
    // The first value; empty when there is none.
    [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
    [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
    //   malformed   not a decimal number of at most `most`
    [[nodiscard]] Result<std::optional<std::uint64_t>> number(std::string_view name,
                                                              std::uint64_t most) const;
    using Parameters = std::vector<std::pair<std::string, std::string>>;
    [[nodiscard]] const Parameters& parameters() const noexcept { return parameters_; }

private:
    Parameters parameters_;
};

} // namespace sealstream::http
