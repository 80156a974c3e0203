#include "audit/record_tail.hpp"

#include "core/event/cbor.hpp"

#include <algorithm>
#include <charconv>

namespace sealstream {

namespace {

constexpr std::size_t salt_letters = 43; // 32 bytes in Base64 without padding
constexpr std::string_view salt_mark = ",\"salt\":\"";
constexpr std::string_view source_mark = "\",\"source\":\"";
constexpr std::string_view stream_mark = ",\"stream\":\"";
constexpr std::string_view version_mark = ",\"v\":1,\"version\":\"";
constexpr std::string_view prev_hash_mark = ",\"prev_hash\":\"";

constexpr std::array<std::uint8_t, 256> make_letters()
{
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::array<std::uint8_t, 256> values{};
    values.fill(0xff);
    for (std::size_t at = 0; at < alphabet.size(); ++at) {
        values[static_cast<unsigned char>(alphabet[at])] = static_cast<std::uint8_t>(at);
    }
    return values;
}
constexpr auto letters = make_letters();

bool decode_salt(std::string_view text, Salt& to)
{
    std::uint32_t bits = 0;
    unsigned bit_count = 0;
    std::size_t byte = 0;
    for (const char letter : text) {
        const std::uint8_t value = letters[static_cast<unsigned char>(letter)];
        if (value == 0xff) {
            return false;
        }
        bits = bits << 6U | value;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            to[byte++] = static_cast<std::byte>(bits >> bit_count & 0xffU);
        }
    }
    return byte == to.size();
}

// Quotes inside strings are escaped, so a mark with bare quotes, searched from the end, is the
// member itself: only time, type, v and version follow it.
std::optional<RecordTail> read_json_tail(std::string_view record)
{
    const auto version_at = record.rfind(version_mark);
    const auto stream_at = record.rfind(stream_mark, version_at);
    if (version_at == std::string_view::npos || stream_at == std::string_view::npos) {
        return std::nullopt;
    }
    RecordTail tail;
    const char* const digits = record.data() + version_at + version_mark.size();
    const char* const end = record.data() + record.size();
    const auto [stop, failure] = std::from_chars(digits, end, tail.version.value);
    const auto name_at = stream_at + stream_mark.size();
    const auto name_end = record.find('"', name_at);
    const auto source_at = record.rfind(source_mark, stream_at);
    if (failure != std::errc{} || std::string_view{stop, end} != "\"}" ||
        source_at == std::string_view::npos || source_at < salt_letters + salt_mark.size()) {
        return std::nullopt;
    }
    tail.stream = record.substr(name_at, name_end - name_at);
    const auto salt_at = source_at - salt_letters;
    const bool is_salt = record.substr(salt_at - salt_mark.size(), salt_mark.size()) == salt_mark &&
                         decode_salt(record.substr(salt_at, salt_letters), tail.salt);
    if (!is_salt || tail.stream.find('\\') != std::string_view::npos) {
        return std::nullopt;
    }
    const std::size_t prev_size = prev_hash_mark.size() + 2 * digest_size + 1;
    const auto before_salt = salt_at - salt_mark.size();
    tail.is_chained =
        before_salt > prev_size &&
        record.substr(before_salt - prev_size, prev_hash_mark.size()) == prev_hash_mark;
    return tail;
}

// Keys 0 to 4 come first (format, id, type, stream, version), 13 (hash) and 14 (salt) last.
std::optional<RecordTail> read_cbor_tail(ByteView record)
{
    constexpr std::size_t field_size = 3 + digest_size; // key, head, 32 bytes
    const auto field_before = [record](std::size_t end, std::byte key) {
        return end >= field_size && record[end - field_size] == key &&
               record[end - field_size + 1] == std::byte{0x58} &&
               record[end - field_size + 2] == std::byte{0x20};
    };
    if (!field_before(record.size(), std::byte{14})) {
        return std::nullopt;
    }
    CborReader in{record};
    RecordTail tail;
    const auto map = in.head();
    const auto format_key = in.unsigned_integer();
    const auto format = in.unsigned_integer();
    const auto id_key = in.unsigned_integer();
    const auto id = in.bytes();
    const auto type_key = in.unsigned_integer();
    const auto type = in.text();
    const auto stream_key = in.unsigned_integer();
    const auto stream = in.text();
    const auto version_key = in.unsigned_integer();
    const auto version = in.unsigned_integer();
    if (!map || !format_key || !format || !id_key || !id || !type_key || !type || !stream_key ||
        !stream || !version_key || !version || *stream_key != 3 || *version_key != 4) {
        return std::nullopt;
    }
    tail.stream = *stream;
    tail.version = Version{*version};
    std::copy(record.end() - static_cast<std::ptrdiff_t>(tail.salt.size()), record.end(),
              tail.salt.begin());
    tail.is_chained = field_before(record.size() - field_size, std::byte{13});
    return tail;
}

} // namespace

std::optional<RecordTail> read_tail(ByteView record)
{
    if (record.empty()) {
        return std::nullopt;
    }
    return record.front() == std::byte{'{'} ? read_json_tail(as_text(record))
                                            : read_cbor_tail(record);
}

bool has_id(ByteView record, const EventId& id)
{
    if (record.empty() || record.front() != std::byte{'{'}) {
        constexpr std::size_t id_at = 5; // map, 0, format, 1, head
        return record.size() >= id_at + id.bytes.size() &&
               std::equal(id.bytes.begin(), id.bytes.end(), record.begin() + id_at);
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<char, 43> member{',', '"', 'i', 'd', '"', ':', '"'};
    std::size_t at = 7;
    for (std::size_t byte = 0; byte < id.bytes.size(); ++byte) {
        if (byte == 4 || byte == 6 || byte == 8 || byte == 10) {
            member[at++] = '-';
        }
        const auto value = static_cast<unsigned>(id.bytes[byte]);
        member[at++] = digits[value >> 4U];
        member[at++] = digits[value & 15U];
    }
    return as_text(record).find({member.data(), member.size()}) != std::string_view::npos;
}

} // namespace sealstream
