#pragma once

// What a statement has answered.

#include "core/base/bytes.hpp"

#include <memory>
#include <string_view>

struct pg_result;

namespace sealstream {

enum class SqlFormat : std::uint8_t { text, binary }; // of the columns of a result

// Rows and columns count from 0. Text views live as long as the result.
class SqlResult {
public:
    explicit SqlResult(pg_result* result) : result_{result} {}

    [[nodiscard]] pg_result* get() const noexcept { return result_.get(); }
    [[nodiscard]] std::size_t rows() const;
    [[nodiscard]] std::uint64_t rows_affected() const;
    [[nodiscard]] bool is_null(std::size_t row, std::size_t column) const;
    [[nodiscard]] std::string_view text(std::size_t row, std::size_t column) const;
    [[nodiscard]] std::int64_t integer(std::size_t row, std::size_t column) const; // from text
    [[nodiscard]] bool boolean(std::size_t row, std::size_t column) const;         // from text
    // From a binary result.
    [[nodiscard]] ByteView bytes(std::size_t row, std::size_t column) const;
    [[nodiscard]] std::int64_t big_endian(std::size_t row, std::size_t column) const;

private:
    struct Clear {
        void operator()(pg_result* result) const noexcept;
    };
    std::unique_ptr<pg_result, Clear> result_;
};

} // namespace sealstream
