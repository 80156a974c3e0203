#include "audit/entry.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::uint8_t entry_format = 1;
enum class EntryKind : std::uint8_t { epoch = 1, block = 2, checkpoint = 3 };

constexpr std::size_t frontier_hashes_max = 63;

Bytes start_entry(EntryKind kind, std::size_t bytes)
{
    Bytes to;
    to.reserve(bytes);
    to.push_back(static_cast<std::byte>(entry_format));
    to.push_back(static_cast<std::byte>(kind));
    return to;
}

void write_text(Bytes& to, std::string_view text)
{
    append_big_endian(to, static_cast<std::uint32_t>(text.size()));
    append(to, as_bytes(text));
}

Bytes encode(const EpochEntry& entry)
{
    Bytes to = start_entry(EntryKind::epoch, 512);
    append_big_endian(to, entry.epoch);
    write_text(to, entry.writer);
    write_text(to, entry.key.to_string());
    append_big_endian(to, entry.tree_size);
    append(to, entry.last_leaf.view());
    append_big_endian(to, entry.sequence);
    return to;
}

Bytes encode(const BlockEntry& entry)
{
    Bytes to = start_entry(EntryKind::block, 80 + entry.bundle.size());
    append_big_endian(to, entry.epoch);
    append_big_endian(to, entry.first_index);
    append_big_endian(to, entry.count);
    append_big_endian(to, entry.first_position.value);
    append_big_endian(to, entry.last_position.value);
    append(to, entry.prev_leaf.view());
    append(to, entry.bundle);
    return to;
}

Bytes encode(const CheckpointEntry& entry)
{
    Bytes to = start_entry(EntryKind::checkpoint, 1024 + entry.frontier.size() * digest_size);
    append_big_endian(to, entry.epoch);
    write_text(to, entry.note);
    to.push_back(static_cast<std::byte>(entry.frontier.size()));
    for (const Digest& hash : entry.frontier) {
        append(to, hash.view());
    }
    append(to, entry.last_leaf.view());
    append_big_endian(to, static_cast<std::uint64_t>(entry.last_time.nanoseconds));
    append(to, entry.incarnation.view());
    append_big_endian(to, entry.covered.value);
    append(to, entry.last_record.view());
    return to;
}

// Reads fields off the front; after a failure every read answers zeros.
class FieldReader {
public:
    explicit FieldReader(ByteView bytes) : rest_{bytes} {}

    template <class Integer>
    Integer integer()
    {
        const ByteView read = take(sizeof(Integer));
        return read.empty() ? Integer{} : read_big_endian<Integer>(read);
    }
    // A number that stays below 2^63 everywhere.
    std::uint64_t place()
    {
        const auto number = integer<std::uint64_t>();
        is_good_ = is_good_ && number <= tree_size_max;
        return is_good_ ? number : 0;
    }
    Digest digest()
    {
        Digest read;
        const ByteView bytes = take(digest_size);
        std::copy(bytes.begin(), bytes.end(), read.bytes.begin());
        return read;
    }
    std::string text(std::size_t bytes_max)
    {
        const auto size = integer<std::uint32_t>();
        return std::string{as_text(take(size <= bytes_max ? size : rest_.size() + 1))};
    }
    ByteView rest() { return take(rest_.size()); }
    void fail() { is_good_ = false; }

    [[nodiscard]] bool is_done() const { return is_good_ && rest_.empty(); }

private:
    ByteView take(std::size_t size)
    {
        if (!is_good_ || size > rest_.size()) {
            is_good_ = false;
            return {};
        }
        const ByteView read = rest_.first(size);
        rest_ = rest_.subspan(size);
        return read;
    }

    ByteView rest_;
    bool is_good_{true};
};

EpochEntry read_epoch(FieldReader& from)
{
    EpochEntry entry;
    entry.epoch = from.place();
    entry.writer = from.text(writer_bytes_max);
    const std::string key_text = from.text(2 * key_name_bytes_max);
    const auto key = VerifierKey::parse(key_text);
    if (!key || key->to_string() != key_text) {
        from.fail();
    } else {
        entry.key = *key;
    }
    entry.tree_size = from.place();
    entry.last_leaf = from.digest();
    entry.sequence = from.place();
    return entry;
}

// The bundle must be `count` leaves, each cut off properly.
bool holds_leaves(ByteView bundle, std::uint32_t count)
{
    std::uint32_t leaves = 0;
    while (bundle.size() >= 2) {
        const std::size_t size = 2U + read_big_endian<std::uint16_t>(bundle);
        if (size > bundle.size()) {
            return false;
        }
        bundle = bundle.subspan(size);
        ++leaves;
    }
    return bundle.empty() && leaves == count;
}

BlockEntry read_block(FieldReader& from)
{
    BlockEntry entry;
    entry.epoch = from.place();
    entry.first_index = from.place();
    entry.count = from.integer<std::uint32_t>();
    entry.first_position = Position{from.place()};
    entry.last_position = Position{from.place()};
    entry.prev_leaf = from.digest();
    entry.bundle = to_bytes(from.rest());
    if (entry.count == 0 || entry.count > block_leaves_max ||
        entry.bundle.size() > block_bytes_max || !holds_leaves(entry.bundle, entry.count)) {
        from.fail();
    }
    return entry;
}

CheckpointEntry read_checkpoint(FieldReader& from)
{
    CheckpointEntry entry;
    entry.epoch = from.place();
    entry.note = from.text(note_bytes_max);
    const std::size_t hashes = from.integer<std::uint8_t>();
    if (hashes > frontier_hashes_max) {
        from.fail();
    }
    for (std::size_t at = 0; at < std::min(hashes, frontier_hashes_max); ++at) {
        entry.frontier.push_back(from.digest());
    }
    entry.last_leaf = from.digest();
    entry.last_time.nanoseconds = static_cast<std::int64_t>(from.place());
    entry.incarnation = from.digest();
    entry.covered = Position{from.place()};
    entry.last_record = from.digest();
    return entry;
}

} // namespace

Bytes encode_entry(const Entry& entry)
{
    return std::visit([](const auto& kind) { return encode(kind); }, entry);
}

Result<Entry> decode_entry(ByteView bytes)
{
    FieldReader from{bytes};
    const auto format = from.integer<std::uint8_t>();
    const auto kind = from.integer<std::uint8_t>();
    if (bytes.size() >= 2 && format != entry_format) {
        return Error{Errc::unsupported, "an audit entry of an unknown format"};
    }
    Entry entry;
    switch (static_cast<EntryKind>(kind)) {
    case EntryKind::epoch:
        entry = read_epoch(from);
        break;
    case EntryKind::block:
        entry = read_block(from);
        break;
    case EntryKind::checkpoint:
        entry = read_checkpoint(from);
        break;
    default:
        return Error{bytes.size() < 2 ? Errc::malformed : Errc::unsupported,
                     "an audit entry of an unknown kind"};
    }
    if (!from.is_done()) {
        return Error{Errc::malformed, "an audit entry is not what its kind says"};
    }
    return entry;
}

bool is_checkpoint_entry(ByteView bytes) noexcept
{
    return bytes.size() >= 2 && bytes[1] == static_cast<std::byte>(EntryKind::checkpoint);
}

} // namespace sealstream
