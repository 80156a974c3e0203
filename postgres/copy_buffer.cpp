#include "postgres/copy_buffer.hpp"

#include <array>

namespace sealstream {

namespace {

constexpr std::string_view signature{"PGCOPY\n\377\r\n\0", 11};
constexpr std::int64_t seconds_1970_to_2000 = 946'684'800; // PostgreSQL counts from 2000-01-01
constexpr std::uint32_t text_oid = 25;
constexpr std::size_t trailer_bytes = 2;

} // namespace

template <class Integer>
void CopyBuffer::put(Integer value)
{
    std::array<char, sizeof(Integer)> digits{};
    for (std::size_t at = 0; at < sizeof(Integer); ++at) {
        digits[at] = static_cast<char>((value >> (8 * (sizeof(Integer) - 1 - at))) & 0xff);
    }
    buffer_.append(digits.data(), digits.size());
}

CopyBuffer::CopyBuffer(std::size_t columns, std::size_t reserve_bytes) : columns_{columns}
{
    buffer_.reserve(reserve_bytes + signature.size() + 8 + trailer_bytes);
    buffer_.append(signature);
    put(std::uint32_t{0}); // flags
    put(std::uint32_t{0}); // header extension
}

void CopyBuffer::begin_row()
{
    put(static_cast<std::uint16_t>(columns_));
    ++rows_;
}

void CopyBuffer::add_null()
{
    put(~std::uint32_t{0});
}

void CopyBuffer::add_integer(std::int32_t value)
{
    put(std::uint32_t{4});
    put(static_cast<std::uint32_t>(value));
}

void CopyBuffer::add_bigint(std::uint64_t value)
{
    put(std::uint32_t{8});
    put(value);
}

void CopyBuffer::add_bigint(std::int64_t value)
{
    add_bigint(static_cast<std::uint64_t>(value));
}

void CopyBuffer::add_boolean(bool value)
{
    put(std::uint32_t{1});
    buffer_.push_back(value ? '\1' : '\0');
}

void CopyBuffer::add_text(std::string_view value)
{
    put(static_cast<std::uint32_t>(value.size()));
    buffer_.append(value);
}

void CopyBuffer::add_bytes(ByteView value)
{
    add_text(as_text(value));
}

void CopyBuffer::add_uuid(const EventId& id)
{
    add_bytes(id.bytes);
}

void CopyBuffer::add_jsonb(std::string_view json)
{
    put(static_cast<std::uint32_t>(json.size() + 1));
    buffer_.push_back('\1'); // version of the wire format
    buffer_.append(json);
}

void CopyBuffer::add_timestamp(WallTime time)
{
    const std::int64_t micros =
        time.nanoseconds / 1000 - (time.nanoseconds % 1000 < 0 ? 1 : 0); // rounds down
    add_bigint(micros - seconds_1970_to_2000 * 1'000'000);
}

void CopyBuffer::begin_text_array(std::size_t elements)
{
    array_at_ = buffer_.size();
    put(std::uint32_t{0});                                    // size, known at the end
    put(elements == 0 ? std::uint32_t{0} : std::uint32_t{1}); // dimensions
    put(std::uint32_t{0});                                    // has no nulls
    put(text_oid);
    if (elements != 0) {
        put(static_cast<std::uint32_t>(elements));
        put(std::uint32_t{1}); // lower bound
    }
}

void CopyBuffer::end_array()
{
    const auto size = static_cast<std::uint32_t>(buffer_.size() - array_at_ - 4);
    for (std::size_t at = 0; at < 4; ++at) {
        buffer_[array_at_ + at] = static_cast<char>((size >> (8 * (3 - at))) & 0xff);
    }
}

ByteView CopyBuffer::finish()
{
    put(std::uint16_t{0xffff});
    return as_bytes(buffer_);
}

} // namespace sealstream
