#pragma once

// Deterministic CBOR (RFC 8949, 4.2.1): every head as short as it can be, definite lengths, map
// keys sorted by their encoded bytes, floats in the shortest form that keeps the value. The reader
// accepts nothing else.
//
// JSON values map to: null, false, true, integers (major types 0 and 1), floats, text, arrays, and
// maps with text keys. An integral float below 2^53 is an integer, as in canonical JSON.

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>

namespace sealstream {

enum class CborMajor : std::uint8_t {
    unsigned_int,
    negative_int,
    bytes,
    text,
    array,
    map,
    tag,
    simple
};

void append_cbor_head(Bytes& to, CborMajor major, std::uint64_t argument);
void append_cbor_text(Bytes& to, std::string_view text);
void append_cbor_bytes(Bytes& to, ByteView bytes);
void append_cbor_integer(Bytes& to, std::int64_t number);
void append_cbor_value(Bytes& to, const boost::json::value& value);

struct CborHead {
    CborMajor major{CborMajor::simple};
    std::uint64_t argument{0}; // the bits of a float, for major type 7
    std::uint8_t size{0};      // bytes of the argument behind the first byte: 0, 1, 2, 4, 8
};

// Reads items one after another. A failed read leaves the reader unusable.
class CborReader {
public:
    explicit CborReader(ByteView bytes) : bytes_{bytes} {}

    [[nodiscard]] bool is_at_end() const { return at_ == bytes_.size(); }
    [[nodiscard]] std::size_t offset() const { return at_; }

    //   malformed   cut short, not the shortest form, indefinite, or reserved
    [[nodiscard]] Result<CborHead> head();

    // The contents of a byte string (text) that stay valid as long as the input.
    //   invalid_utf8   the text is not UTF-8
    [[nodiscard]] Result<ByteView> bytes();
    [[nodiscard]] Result<std::string_view> text();
    [[nodiscard]] Result<std::uint64_t> unsigned_integer();
    [[nodiscard]] Result<std::int64_t> integer();

    // A whole item that JSON can say.
    //   duplicate_key, number_out_of_range, too_deep, and the above
    [[nodiscard]] Result<boost::json::value> value();

private:
    [[nodiscard]] Result<ByteView> take(std::uint64_t size);
    [[nodiscard]] Result<std::string_view> text_after(const CborHead& head);
    [[nodiscard]] std::optional<Error> read_value(boost::json::value& to, std::size_t depth);
    [[nodiscard]] std::optional<Error> read_array(boost::json::value& to, std::uint64_t count,
                                                  std::size_t depth);
    [[nodiscard]] std::optional<Error> read_map(boost::json::value& to, std::uint64_t count,
                                                std::size_t depth);

    ByteView bytes_;
    std::size_t at_{0};
};

} // namespace sealstream
