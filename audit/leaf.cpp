#include "audit/leaf.hpp"

#include "audit/leaf_reader.hpp"

namespace sealstream {

namespace {

constexpr std::uint64_t leaf_format = 1;
constexpr std::uint64_t time_max =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
constexpr std::size_t key_text_bytes_max = key_name_bytes_max + 64; // with id and base64

void write_number(Bytes& to, std::uint64_t number)
{
    append_cbor_head(to, CborMajor::unsigned_int, number);
}

void write_time(Bytes& to, WallTime time)
{
    write_number(to, time.nanoseconds > 0 ? static_cast<std::uint64_t>(time.nanoseconds) : 0U);
}

void write_array(Bytes& to, std::uint64_t items)
{
    append_cbor_head(to, CborMajor::array, items);
}

void write_body(Bytes& to, const EventLeaf& event)
{
    write_array(to, 7);
    append_cbor_bytes(to, event.incarnation.view());
    write_number(to, event.position.value);
    append_cbor_bytes(to, event.id.bytes);
    append_cbor_bytes(to, event.stream.view());
    write_number(to, event.version.value);
    write_time(to, event.ingested);
    append_cbor_bytes(to, event.record.view());
}

void write_body(Bytes& to, const HeartbeatLeaf& heartbeat)
{
    write_array(to, 2);
    append_cbor_bytes(to, heartbeat.incarnation.view());
    write_number(to, heartbeat.covered.value);
}

void write_body(Bytes& to, const GapLeaf& gap)
{
    write_array(to, 3);
    append_cbor_bytes(to, gap.incarnation.view());
    write_number(to, gap.first.value);
    write_number(to, gap.last.value);
}

void write_body(Bytes& to, const RollbackLeaf& rollback)
{
    write_array(to, 6);
    write_number(to, static_cast<std::uint64_t>(rollback.reason));
    append_cbor_bytes(to, rollback.old_incarnation.view());
    write_number(to, rollback.old_covered.value);
    append_cbor_bytes(to, rollback.incarnation.view());
    write_number(to, rollback.head.value);
    write_number(to, rollback.resume_after.value);
}

void write_body(Bytes& to, const KeyLeaf& change)
{
    write_array(to, 4);
    append_cbor_text(to, change.key.to_string());
    append_cbor_text(to, change.previous ? change.previous->to_string() : std::string{});
    append_cbor_bytes(to, change.signature);
    append_cbor_bytes(to, change.previous_signature ? ByteView{*change.previous_signature}
                                                    : ByteView{});
}

void write_body(Bytes& to, const RejectedLeaf& rejected)
{
    write_array(to, 4);
    append_cbor_bytes(to, rejected.incarnation.view());
    write_number(to, rejected.position.value);
    write_time(to, rejected.ingested);
    append_cbor_bytes(to, rejected.record.view());
}

EventLeaf read_event(LeafReader& from)
{
    EventLeaf event;
    from.array(7);
    from.fixed(event.incarnation.bytes);
    event.position = Position{from.number(tree_size_max)};
    from.fixed(event.id.bytes);
    from.fixed(event.stream.bytes);
    event.version = Version{from.number(tree_size_max)};
    event.ingested.nanoseconds = static_cast<std::int64_t>(from.number(time_max));
    from.fixed(event.record.bytes);
    return event;
}

HeartbeatLeaf read_heartbeat(LeafReader& from)
{
    HeartbeatLeaf heartbeat;
    from.array(2);
    from.fixed(heartbeat.incarnation.bytes);
    heartbeat.covered = Position{from.number(tree_size_max)};
    return heartbeat;
}

GapLeaf read_gap(LeafReader& from)
{
    GapLeaf gap;
    from.array(3);
    from.fixed(gap.incarnation.bytes);
    gap.first = Position{from.number(tree_size_max)};
    gap.last = Position{from.number(tree_size_max)};
    if (gap.first.value == 0 || gap.last < gap.first) {
        from.fail();
    }
    return gap;
}

RollbackLeaf read_rollback(LeafReader& from)
{
    RollbackLeaf rollback;
    from.array(6);
    const std::uint64_t reason = from.number(3);
    if (reason == 0) {
        from.fail();
    }
    rollback.reason = static_cast<RollbackReason>(reason);
    from.fixed(rollback.old_incarnation.bytes);
    rollback.old_covered = Position{from.number(tree_size_max)};
    from.fixed(rollback.incarnation.bytes);
    rollback.head = Position{from.number(tree_size_max)};
    rollback.resume_after = Position{from.number(tree_size_max)};
    return rollback;
}

RejectedLeaf read_rejected(LeafReader& from)
{
    RejectedLeaf rejected;
    from.array(4);
    from.fixed(rejected.incarnation.bytes);
    rejected.position = Position{from.number(tree_size_max)};
    rejected.ingested.nanoseconds = static_cast<std::int64_t>(from.number(time_max));
    from.fixed(rejected.record.bytes);
    return rejected;
}

std::optional<VerifierKey> read_key(LeafReader& from, bool may_be_empty)
{
    const std::string_view text = from.text(key_text_bytes_max);
    if (text.empty() && may_be_empty) {
        return std::nullopt;
    }
    auto key = VerifierKey::parse(text);
    // Base64 and hex have one spelling each, so comparing is for the name alone; it costs nothing
    // here.
    if (!key || key->to_string() != text) {
        from.fail();
        return std::nullopt;
    }
    return *std::move(key);
}

KeyLeaf read_key_change(LeafReader& from)
{
    KeyLeaf change;
    from.array(4);
    change.key = read_key(from, false).value_or(VerifierKey{});
    change.previous = read_key(from, true);
    from.fixed(change.signature);
    const ByteView previous_signature = from.bytes(change.signature.size());
    if (previous_signature.size() == change.signature.size()) {
        std::copy(previous_signature.begin(), previous_signature.end(),
                  change.previous_signature.emplace().begin());
    } else if (!previous_signature.empty()) {
        from.fail();
    }
    return change;
}

Result<LeafBody> read_body(std::uint64_t number, LeafReader& from)
{
    switch (static_cast<LeafClass>(number)) {
    case LeafClass::event:
        return LeafBody{read_event(from)};
    case LeafClass::heartbeat:
        return LeafBody{read_heartbeat(from)};
    case LeafClass::gap:
        return LeafBody{read_gap(from)};
    case LeafClass::rollback:
        return LeafBody{read_rollback(from)};
    case LeafClass::key:
        return LeafBody{read_key_change(from)};
    case LeafClass::rejected:
        return LeafBody{read_rejected(from)};
    case LeafClass::erasure:
    case LeafClass::retention:
    case LeafClass::config:
    case LeafClass::freeze:
    case LeafClass::shard_start:
        break;
    }
    return Error{Errc::unsupported, "leaf class " + std::to_string(number) + " is not known"};
}

} // namespace

LeafClass class_of(const LeafBody& body) noexcept
{
    constexpr std::array classes{LeafClass::event,    LeafClass::heartbeat, LeafClass::gap,
                                 LeafClass::rollback, LeafClass::key,       LeafClass::rejected};
    static_assert(classes.size() == std::variant_size_v<LeafBody>);
    return classes[body.index()];
}

void append_leaf(Bytes& to, const Leaf& leaf)
{
    write_array(to, 6);
    write_number(to, leaf_format);
    write_number(to, static_cast<std::uint64_t>(class_of(leaf.body)));
    write_number(to, leaf.index);
    append_cbor_bytes(to, leaf.prev.view());
    write_time(to, leaf.time);
    std::visit([&to](const auto& body) { write_body(to, body); }, leaf.body);
}

Bytes encode_leaf(const Leaf& leaf)
{
    Bytes bytes;
    bytes.reserve(256);
    append_leaf(bytes, leaf);
    return bytes;
}

Result<Leaf> decode_leaf(ByteView bytes)
{
    LeafReader from{bytes};
    from.array(6);
    const std::uint64_t format = from.number();
    const std::uint64_t number = from.number();
    Leaf leaf;
    leaf.index = from.number(tree_size_max);
    from.fixed(leaf.prev.bytes);
    leaf.time.nanoseconds = static_cast<std::int64_t>(from.number(time_max));
    if (!from.is_good()) {
        return Error{Errc::malformed, "not a leaf in its one spelling"};
    }
    if (format != leaf_format || number > 0xff) {
        return Error{Errc::unsupported, "leaf format " + std::to_string(format) + ", class " +
                                            std::to_string(number) + " is not known"};
    }
    SEAL_TRY(body, read_body(number, from));
    if (!from.is_good() || !from.is_at_end()) {
        return Error{Errc::malformed, "not the body of a leaf in its one spelling"};
    }
    leaf.body = std::move(body);
    return leaf;
}

std::string key_statement(const KeyLeaf& leaf)
{
    return "sealstream/key/v1\n" + leaf.key.to_string() + "\n" +
           (leaf.previous ? leaf.previous->to_string() : std::string{}) + "\n";
}

Result<void> verify_key_leaf(const KeyLeaf& leaf)
{
    const std::string statement = key_statement(leaf);
    const bool is_own = is_signed(as_bytes(statement), leaf.signature, leaf.key.key);
    const bool is_previous =
        !leaf.previous_signature ||
        (leaf.previous &&
         is_signed(as_bytes(statement), *leaf.previous_signature, leaf.previous->key));
    if (!is_own || !is_previous) {
        return Error{Errc::bad_signature, "a signature in the KEY leaf does not verify"};
    }
    return {};
}

} // namespace sealstream
