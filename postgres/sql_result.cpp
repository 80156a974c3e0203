#include "postgres/sql_result.hpp"

#include "core/base/check.hpp"

#include <libpq-fe.h>

#include <charconv>

namespace sealstream {

void SqlResult::Clear::operator()(pg_result* result) const noexcept
{
    PQclear(result);
}

std::size_t SqlResult::rows() const
{
    return static_cast<std::size_t>(PQntuples(result_.get()));
}

std::uint64_t SqlResult::rows_affected() const
{
    const std::string_view text{PQcmdTuples(result_.get())};
    std::uint64_t count = 0;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
}

bool SqlResult::is_null(std::size_t row, std::size_t column) const
{
    return PQgetisnull(result_.get(), static_cast<int>(row), static_cast<int>(column)) != 0;
}

std::string_view SqlResult::text(std::size_t row, std::size_t column) const
{
    const int at = static_cast<int>(row);
    const int field = static_cast<int>(column);
    return {PQgetvalue(result_.get(), at, field),
            static_cast<std::size_t>(PQgetlength(result_.get(), at, field))};
}

std::int64_t SqlResult::integer(std::size_t row, std::size_t column) const
{
    const std::string_view digits = text(row, column);
    std::int64_t value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    SEAL_CHECK(parsed.ec == std::errc{}, "our own SQL selects an integer here");
    return value;
}

bool SqlResult::boolean(std::size_t row, std::size_t column) const
{
    return text(row, column) == "t";
}

ByteView SqlResult::bytes(std::size_t row, std::size_t column) const
{
    return as_bytes(text(row, column));
}

std::int64_t SqlResult::big_endian(std::size_t row, std::size_t column) const
{
    const ByteView field = bytes(row, column);
    SEAL_CHECK(field.size() == sizeof(std::int64_t), "our own SQL selects a bigint here");
    return static_cast<std::int64_t>(read_big_endian<std::uint64_t>(field));
}

} // namespace sealstream
