#pragma once

// The first part of a request: request line and header fields. All text lives in one arena that is
// reused from request to request; views into it hold until the next request is read.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sealstream::http {

enum class Verb : std::uint8_t { get, head, post, put, patch, delete_, options, other };
[[nodiscard]] std::string_view name(Verb verb) noexcept;

// ASCII only, as header fields are.
[[nodiscard]] bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept;

class RequestHead {
public:
    Verb verb{Verb::other};
    bool is_http_1_0{false};
    bool is_keep_alive{true};
    bool is_chunked{false};
    bool has_body{false};
    std::optional<std::uint64_t> content_length;

    [[nodiscard]] std::string_view target() const noexcept { return text(target_); }
    [[nodiscard]] std::string_view path() const noexcept;  // before '?', still percent-encoded
    [[nodiscard]] std::string_view query() const noexcept; // after '?'

    // The value of the first such field; empty when there is none. `lower_name` is lower case.
    [[nodiscard]] std::string_view field(std::string_view lower_name) const noexcept;
    [[nodiscard]] bool has_field(std::string_view lower_name) const noexcept;
    [[nodiscard]] std::size_t count(std::string_view lower_name) const noexcept;
    // Name in lower case and value of every field whose name begins so.
    using Fields = std::vector<std::pair<std::string_view, std::string_view>>;
    [[nodiscard]] Fields fields_with_prefix(std::string_view lower_prefix) const;

    void clear() noexcept;
    void set_target(std::string_view target) { target_ = keep(target); }
    void add_field(std::string_view name, std::string_view value);

private:
    struct Piece {
        std::uint32_t at{0};
        std::uint32_t size{0};
    };
    struct Field {
        Piece name;
        Piece value;
    };
    [[nodiscard]] std::string_view text(Piece piece) const noexcept
    {
        return std::string_view{arena_}.substr(piece.at, piece.size);
    }
    Piece keep(std::string_view text);

    std::string arena_;
    std::vector<Field> fields_;
    Piece target_;
};

} // namespace sealstream::http
