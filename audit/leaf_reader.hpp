#pragma once

// The few items of deterministic CBOR (RFC 8949, 4.2.1) that leaves are made of: unsigned integers,
// byte and text strings, arrays of known length. The reader refuses any second spelling.

#include "core/base/bytes.hpp"
#include "core/event/cbor.hpp"

#include <algorithm>

namespace sealstream {

// Reads items off the front. After the first failure every read answers zeros and is_good() is
// false, so that a caller checks once, at the end.
class LeafReader {
public:
    explicit LeafReader(ByteView bytes) : rest_{bytes} {}

    std::uint64_t number(std::uint64_t max = ~std::uint64_t{0})
    {
        const std::uint64_t value = head(CborMajor::unsigned_int);
        return value <= max ? value : fail();
    }
    void array(std::uint64_t items)
    {
        if (head(CborMajor::array) != items) {
            fail();
        }
    }
    ByteView bytes(std::size_t bytes_max) { return string(CborMajor::bytes, bytes_max); }
    std::string_view text(std::size_t bytes_max)
    {
        return as_text(string(CborMajor::text, bytes_max));
    }
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
    std::uint64_t head(CborMajor major)
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
    ByteView string(CborMajor major, std::size_t bytes_max)
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

} // namespace sealstream
