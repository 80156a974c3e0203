#pragma once

// The few items of deterministic CBOR (RFC 8949, 4.2.1) that leaves are made of: unsigned integers,
// byte and text strings, arrays of known length. The reader refuses any second spelling.

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

#include <algorithm>

namespace sealstream::cbor {

enum class Major : std::uint8_t { number = 0, bytes = 2, text = 3, array = 4 };

inline void write_head(Bytes& to, Major major, std::uint64_t value)
{
    const auto type = static_cast<unsigned>(major) << 5U;
    if (value < 24) {
        to.push_back(static_cast<std::byte>(type | value));
    } else if (value <= 0xff) {
        to.push_back(static_cast<std::byte>(type | 24U));
        append_big_endian(to, static_cast<std::uint8_t>(value));
    } else if (value <= 0xffff) {
        to.push_back(static_cast<std::byte>(type | 25U));
        append_big_endian(to, static_cast<std::uint16_t>(value));
    } else if (value <= 0xffff'ffff) {
        to.push_back(static_cast<std::byte>(type | 26U));
        append_big_endian(to, static_cast<std::uint32_t>(value));
    } else {
        to.push_back(static_cast<std::byte>(type | 27U));
        append_big_endian(to, value);
    }
}

inline void write_bytes(Bytes& to, ByteView bytes)
{
    write_head(to, Major::bytes, bytes.size());
    append(to, bytes);
}

inline void write_text(Bytes& to, std::string_view text)
{
    write_head(to, Major::text, text.size());
    append(to, as_bytes(text));
}

// Reads items off the front. After the first failure every read answers zeros and is_good() is
// false, so that a caller checks once, at the end.
class Reader {
public:
    explicit Reader(ByteView bytes) : rest_{bytes} {}

    std::uint64_t number(std::uint64_t max = ~std::uint64_t{0})
    {
        const std::uint64_t value = head(Major::number);
        return value <= max ? value : fail();
    }
    void array(std::uint64_t items)
    {
        if (head(Major::array) != items) {
            fail();
        }
    }
    ByteView bytes(std::size_t bytes_max) { return string(Major::bytes, bytes_max); }
    std::string_view text(std::size_t bytes_max) { return as_text(string(Major::text, bytes_max)); }
    template <std::size_t size>
    void fixed(std::array<std::byte, size>& to)
    {
        const ByteView read = bytes(size);
        if (read.size() == size) {
            std::copy(read.begin(), read.end(), to.begin());
        } else {
            fail();
        }
    }
    std::uint64_t fail() noexcept
    {
        is_good_ = false;
        rest_ = {};
        return 0;
    }

    [[nodiscard]] bool is_good() const noexcept { return is_good_; }
    [[nodiscard]] bool is_at_end() const noexcept { return rest_.empty(); }

private:
    std::uint64_t head(Major major)
    {
        if (rest_.empty() ||
            static_cast<unsigned>(rest_[0]) >> 5U != static_cast<unsigned>(major)) {
            return fail();
        }
        const unsigned extra = static_cast<unsigned>(rest_[0]) & 31U;
        rest_ = rest_.subspan(1);
        if (extra < 24) {
            return extra;
        }
        const std::size_t size =
            extra < 28 ? std::size_t{1} << (extra - 24) : 0; // 28..31: not ours
        if (size == 0 || rest_.size() < size) {
            return fail();
        }
        std::uint64_t value = 0;
        for (const std::byte byte : rest_.first(size)) {
            value = value << 8U | static_cast<std::uint64_t>(byte);
        }
        rest_ = rest_.subspan(size);
        const std::uint64_t least = size == 1 ? 24 : std::uint64_t{1} << (4 * size);
        return value >= least ? value : fail();
    }
    ByteView string(Major major, std::size_t bytes_max)
    {
        const std::uint64_t size = head(major);
        if (size > bytes_max || size > rest_.size()) {
            fail();
            return {};
        }
        const ByteView read = rest_.first(size);
        rest_ = rest_.subspan(size);
        return read;
    }

    ByteView rest_;
    bool is_good_{true};
};

} // namespace sealstream::cbor
