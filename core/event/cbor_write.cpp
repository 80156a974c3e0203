#include "core/base/check.hpp"
#include "core/event/cbor.hpp"
#include "core/event/cbor_float.hpp"
#include "core/event/json_text.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace sealstream {

namespace {

namespace json = boost::json;

std::string_view text_of(const json::string_view& text)
{
    return {text.data(), text.size()};
}

void append_real(Bytes& to, double number)
{
    SEAL_CHECK(std::isfinite(number), "JSON has no infinity and no NaN");
    if (std::fabs(number) < exact_integers_end && std::trunc(number) == number) {
        append_cbor_integer(to, static_cast<std::int64_t>(number));
        return;
    }
    if (const auto half = to_half(number)) {
        to.push_back(std::byte{0xf9});
        append_big_endian(to, *half);
        return;
    }
    if (const auto single = to_single(number)) {
        to.push_back(std::byte{0xfa});
        append_big_endian(to, std::bit_cast<std::uint32_t>(*single));
        return;
    }
    to.push_back(std::byte{0xfb});
    append_big_endian(to, std::bit_cast<std::uint64_t>(number));
}

// Encoded text keys sort by their length first (it is in the head), then by their bytes.
bool is_shorter_or_before(const json::key_value_pair* left, const json::key_value_pair* right)
{
    const std::string_view a = text_of(left->key());
    const std::string_view b = text_of(right->key());
    return a.size() != b.size() ? a.size() < b.size() : a < b;
}

void append_map(Bytes& to, const json::object& object)
{
    std::vector<const json::key_value_pair*> members;
    members.reserve(object.size());
    for (const auto& member : object) {
        members.push_back(&member);
    }
    std::sort(members.begin(), members.end(), is_shorter_or_before);
    append_cbor_head(to, CborMajor::map, members.size());
    for (const auto* const member : members) {
        append_cbor_text(to, text_of(member->key()));
        append_cbor_value(to, member->value());
    }
}

} // namespace

void append_cbor_head(Bytes& to, CborMajor major, std::uint64_t argument)
{
    const auto top = static_cast<unsigned>(major) << 5U;
    const auto first = [&to, top](unsigned info) {
        to.push_back(static_cast<std::byte>(top | info));
    };
    if (argument < 24) {
        first(static_cast<unsigned>(argument));
    } else if (argument <= std::numeric_limits<std::uint8_t>::max()) {
        first(24);
        append_big_endian(to, static_cast<std::uint8_t>(argument));
    } else if (argument <= std::numeric_limits<std::uint16_t>::max()) {
        first(25);
        append_big_endian(to, static_cast<std::uint16_t>(argument));
    } else if (argument <= std::numeric_limits<std::uint32_t>::max()) {
        first(26);
        append_big_endian(to, static_cast<std::uint32_t>(argument));
    } else {
        first(27);
        append_big_endian(to, argument);
    }
}

void append_cbor_text(Bytes& to, std::string_view text)
{
    append_cbor_head(to, CborMajor::text, text.size());
    append(to, as_bytes(text));
}

void append_cbor_bytes(Bytes& to, ByteView bytes)
{
    append_cbor_head(to, CborMajor::bytes, bytes.size());
    append(to, bytes);
}

void append_cbor_integer(Bytes& to, std::int64_t number)
{
    if (number >= 0) {
        append_cbor_head(to, CborMajor::unsigned_int, static_cast<std::uint64_t>(number));
    } else {
        append_cbor_head(to, CborMajor::negative_int,
                         ~static_cast<std::uint64_t>(number)); // -1 - n
    }
}

void append_cbor_value(Bytes& to, const json::value& value)
{
    switch (value.kind()) {
    case json::kind::null:
        to.push_back(std::byte{0xf6});
        return;
    case json::kind::bool_:
        to.push_back(value.get_bool() ? std::byte{0xf5} : std::byte{0xf4});
        return;
    case json::kind::int64:
        append_cbor_integer(to, value.get_int64());
        return;
    case json::kind::uint64:
        append_cbor_head(to, CborMajor::unsigned_int, value.get_uint64());
        return;
    case json::kind::double_:
        append_real(to, value.get_double());
        return;
    case json::kind::string:
        append_cbor_text(to, text_of(value.get_string()));
        return;
    case json::kind::array:
        append_cbor_head(to, CborMajor::array, value.get_array().size());
        for (const auto& element : value.get_array()) {
            append_cbor_value(to, element);
        }
        return;
    case json::kind::object:
        append_map(to, value.get_object());
        return;
    }
}

} // namespace sealstream
