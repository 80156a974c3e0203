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

constexpr std::uint64_t reserve_max = 64; // elements to make room for before they have been seen

constexpr auto signed_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

Error malformed(const char* why)
{
    return Error{Errc::malformed, std::string{"not deterministic CBOR: "} + why};
}

// The value of a float that has no shorter form.
Result<double> read_real(const CborHead& head)
{
    double number = 0;
    if (head.size == 2) {
        const auto half = static_cast<std::uint16_t>(head.argument);
        const bool is_finite = (half & 0x7c00U) != 0x7c00U;
        number = is_finite ? from_half(half) : std::numeric_limits<double>::infinity();
    } else if (head.size == 4) {
        number =
            static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(head.argument)));
    } else {
        number = std::bit_cast<double>(head.argument);
    }
    if (!std::isfinite(number)) {
        return Error{Errc::number_out_of_range, "infinity and NaN have no JSON"};
    }
    const bool is_integer = std::fabs(number) < exact_integers_end && std::trunc(number) == number;
    const bool fits_shorter =
        (head.size > 2 && to_half(number)) || (head.size > 4 && to_single(number));
    if (is_integer || fits_shorter) {
        return malformed("a float with a shorter form");
    }
    return number;
}

} // namespace

Result<CborHead> CborReader::head()
{
    if (at_ == bytes_.size()) {
        return malformed("cut short");
    }
    const auto first = static_cast<unsigned>(bytes_[at_++]);
    CborHead head{static_cast<CborMajor>(first >> 5U), first & 0x1fU, 0};
    if (head.argument < 24) {
        return head;
    }
    if (head.argument > 27) {
        return malformed("an indefinite length, or a reserved head");
    }
    const auto info = static_cast<unsigned>(head.argument);
    head.size = static_cast<std::uint8_t>(1U << (info - 24U));
    if (bytes_.size() - at_ < head.size) {
        return malformed("cut short");
    }
    head.argument = 0;
    for (unsigned count = 0; count < head.size; ++count) {
        head.argument = (head.argument << 8U) | static_cast<std::uint64_t>(bytes_[at_++]);
    }
    constexpr std::uint64_t one = 1;
    const std::uint64_t least = head.size == 1 ? 24 : one << (4U * head.size);
    if (head.major != CborMajor::simple && head.argument < least) {
        return malformed("a length or number with a shorter form");
    }
    return head;
}

Result<ByteView> CborReader::take(std::uint64_t size)
{
    if (size > bytes_.size() - at_) {
        return malformed("cut short");
    }
    const ByteView taken = bytes_.subspan(at_, static_cast<std::size_t>(size));
    at_ += static_cast<std::size_t>(size);
    return taken;
}

Result<ByteView> CborReader::bytes()
{
    const auto next = head();
    if (!next || next->major != CborMajor::bytes) {
        return next ? malformed("not a byte string") : next.error();
    }
    return take(next->argument);
}

Result<std::string_view> CborReader::text()
{
    const auto next = head();
    if (!next) {
        return next.error();
    }
    return text_after(*next);
}

Result<std::string_view> CborReader::text_after(const CborHead& head)
{
    if (head.major != CborMajor::text) {
        return malformed("not a text");
    }
    const auto taken = take(head.argument);
    if (!taken) {
        return taken.error();
    }
    const std::string_view text = as_text(*taken);
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        at = skip_plain(at, end);
        if (at != end) {
            const std::size_t size = utf8_sequence_size(at, end);
            if (size == 0) {
                return Error{Errc::invalid_utf8, "text is not UTF-8"};
            }
            at += size;
        }
    }
    return text;
}

Result<std::uint64_t> CborReader::unsigned_integer()
{
    const auto next = head();
    if (!next || next->major != CborMajor::unsigned_int) {
        return next ? malformed("not an unsigned integer") : next.error();
    }
    return next->argument;
}

Result<std::int64_t> CborReader::integer()
{
    const auto next = head();
    if (!next) {
        return next.error();
    }
    const bool is_negative = next->major == CborMajor::negative_int;
    if (!is_negative && next->major != CborMajor::unsigned_int) {
        return malformed("not an integer");
    }
    if (next->argument > signed_max) {
        return Error{Errc::number_out_of_range, "an integer beyond 64 bits"};
    }
    const auto number = static_cast<std::int64_t>(next->argument);
    return is_negative ? -1 - number : number;
}

Result<json::value> CborReader::value()
{
    Result<json::value> read{json::value{}};
    if (auto failure = read_value(*read, 0)) {
        return *std::move(failure);
    }
    return read;
}

std::optional<Error> CborReader::read_value(json::value& to, std::size_t depth)
{
    const auto next = head();
    if (!next) {
        return next.error();
    }
    switch (next->major) {
    case CborMajor::unsigned_int:
        if (next->argument <= signed_max) {
            to = static_cast<std::int64_t>(next->argument);
        } else {
            to = next->argument;
        }
        return std::nullopt;
    case CborMajor::negative_int:
        if (next->argument > signed_max) {
            return Error{Errc::number_out_of_range, "an integer beyond 64 bits"};
        }
        to = -1 - static_cast<std::int64_t>(next->argument);
        return std::nullopt;
    case CborMajor::text: {
        const auto text = text_after(*next);
        if (!text) {
            return text.error();
        }
        to.emplace_string().assign(text->data(), text->size());
        return std::nullopt;
    }
    case CborMajor::array:
        return read_array(to, next->argument, depth + 1);
    case CborMajor::map:
        return read_map(to, next->argument, depth + 1);
    case CborMajor::simple:
        if (next->size == 0 && next->argument >= 20 && next->argument <= 22) {
            if (next->argument != 22) {
                to = next->argument == 21;
            }
            return std::nullopt;
        }
        if (next->size >= 2) {
            const auto number = read_real(*next);
            if (!number) {
                return number.error();
            }
            to = *number;
            return std::nullopt;
        }
        return malformed("a simple value that JSON has not");
    case CborMajor::bytes:
    case CborMajor::tag:
        break;
    }
    return malformed("a kind of item that JSON has not");
}

std::optional<Error> CborReader::read_array(json::value& to, std::uint64_t count, std::size_t depth)
{
    if (depth > json_depth_ceiling) {
        return Error{Errc::too_deep, "nested deeper than the limit"};
    }
    if (count > bytes_.size() - at_) {
        return malformed("cut short");
    }
    json::array& array = to.emplace_array();
    array.reserve(static_cast<std::size_t>(std::min(count, reserve_max)));
    for (std::uint64_t at = 0; at < count; ++at) {
        if (auto failure = read_value(array.emplace_back(nullptr), depth)) {
            return failure;
        }
    }
    return std::nullopt;
}

std::optional<Error> CborReader::read_map(json::value& to, std::uint64_t count, std::size_t depth)
{
    if (depth > json_depth_ceiling) {
        return Error{Errc::too_deep, "nested deeper than the limit"};
    }
    if (count > (bytes_.size() - at_) / 2) {
        return malformed("cut short");
    }
    json::object& object = to.emplace_object();
    object.reserve(static_cast<std::size_t>(std::min(count, reserve_max)));
    ByteView previous;
    for (std::uint64_t at = 0; at < count; ++at) {
        const std::size_t begin = at_;
        const auto key = text();
        if (!key) {
            return key.error();
        }
        const ByteView encoded = bytes_.subspan(begin, at_ - begin);
        if (at != 0 && !std::lexicographical_compare(previous.begin(), previous.end(),
                                                     encoded.begin(), encoded.end())) {
            const bool is_same =
                std::equal(previous.begin(), previous.end(), encoded.begin(), encoded.end());
            return is_same ? Error{Errc::duplicate_key, "a map has a key twice"}
                           : malformed("the keys of a map are out of order");
        }
        previous = encoded;
        const auto [member, is_new] =
            object.emplace(json::string_view{key->data(), key->size()}, nullptr);
        static_cast<void>(is_new); // sorted, so new
        if (auto failure = read_value(member->value(), depth)) {
            return failure;
        }
    }
    return std::nullopt;
}

} // namespace sealstream
