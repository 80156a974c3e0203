// The CBOR record: a deterministic map (RFC 8949, 4.2.1) with these keys, in this order:
//
//   0 format   1 id   2 type   3 stream   4 version   5 source   6 actor   7 time   8 data
//   9 BLAKE3 of the encoded data item   10 meta   11 key   12 prev_hash   13 hash   14 salt

#include "core/base/check.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/cbor.hpp"
#include "core/event/json_text.hpp"
#include "core/event/record_codecs.hpp"

#include <algorithm>

namespace sealstream {

namespace {

enum class Field : std::uint8_t {
    format,
    id,
    type,
    stream,
    version,
    source,
    actor,
    time,
    data,
    digest,
    meta,
    key,
    prev_hash,
    hash,
    salt
};
constexpr std::size_t required_fields = 9;

constexpr JsonLimits no_limits{json_depth_ceiling, ~std::size_t{0}};

Error malformed_record(const char* why)
{
    return Error{Errc::malformed, std::string{"not a CBOR record: "} + why};
}

void append_field(Bytes& to, Field field)
{
    append_cbor_head(to, CborMajor::unsigned_int, static_cast<std::uint64_t>(field));
}

void append_text_field(Bytes& to, Field field, std::string_view text)
{
    if (!text.empty()) {
        append_field(to, field);
        append_cbor_text(to, text);
    }
}

void append_digest_field(Bytes& to, Field field, const std::optional<Digest>& digest)
{
    if (digest) {
        append_field(to, field);
        append_cbor_bytes(to, digest->view());
    }
}

void append_json(Bytes& to, std::string_view canonical)
{
    const auto value = parse_json(canonical, no_limits);
    SEAL_CHECK(value.has_value(), "a draft holds canonical JSON");
    append_cbor_value(to, *value);
}

std::size_t count_fields(const Event& event)
{
    const Draft& draft = event.draft;
    return required_fields + (draft.actor.empty() ? 0U : 1U) + (draft.time ? 1U : 0U) +
           (draft.meta.empty() ? 0U : 1U) + (draft.key.empty() ? 0U : 1U) +
           (event.prev_hash ? 1U : 0U) + (event.hash ? 1U : 0U);
}

// Reads the fields in order. A failure is kept and makes all later steps do nothing.
class CborRecordReader {
public:
    explicit CborRecordReader(ByteView record) : record_{record}, in_{record} {}

    void start()
    {
        if (const auto head = keep(in_.head())) {
            if (head->major != CborMajor::map) {
                fail(malformed_record("not a map"));
                return;
            }
            fields_left_ = head->argument;
            next_field();
        }
    }

    // Whether `field` is the next one; reads its key then.
    bool has(Field field)
    {
        if (failure_ || !field_ || *field_ != static_cast<std::uint64_t>(field)) {
            return false;
        }
        return true;
    }

    void need(Field field)
    {
        if (!failure_ && !has(field)) {
            fail(malformed_record("a field is missing, unknown, twice or out of order"));
        }
    }

    void number(Field field, std::uint64_t& to)
    {
        need(field);
        if (!failure_) {
            store(in_.unsigned_integer(), to);
        }
    }

    void text(Field field, std::string& to)
    {
        need(field);
        if (!failure_) {
            store(in_.text(), to);
        }
    }

    template <std::size_t Size>
    void fixed_bytes(Field field, std::array<std::byte, Size>& to)
    {
        need(field);
        if (failure_) {
            return;
        }
        const auto bytes = keep(in_.bytes());
        if (bytes && bytes->size() != Size) {
            fail(malformed_record("an id, salt or digest of another size"));
            return;
        }
        if (bytes) {
            std::copy(bytes->begin(), bytes->end(), to.begin());
            next_field();
        }
    }

    void digest(Field field, std::optional<Digest>& to)
    {
        if (has(field)) {
            fixed_bytes(field, to.emplace().bytes);
        }
    }

    void label(Field field, std::string& to)
    {
        if (!has(field)) {
            return;
        }
        text(field, to);
        if (const auto checked = check_label(to); !failure_ && !checked) {
            fail(checked.error());
        }
    }

    void time(std::optional<WallTime>& to)
    {
        if (has(Field::time)) {
            store(in_.integer(), to.emplace().nanoseconds);
        }
    }

    // The item's canonical JSON, and its own bytes.
    ByteView json(Field field, std::string& to)
    {
        need(field);
        if (failure_) {
            return {};
        }
        const std::size_t begin = in_.offset();
        const auto value = keep(in_.value());
        if (!value) {
            return {};
        }
        to = to_canonical_json(*value);
        const ByteView item = record_.subspan(begin, in_.offset() - begin);
        next_field();
        return item;
    }

    void fail(Error error)
    {
        if (!failure_) {
            failure_ = std::move(error);
        }
    }

    // What went wrong, or what is left over.
    std::optional<Error> finish()
    {
        if (!failure_ && (field_ || !in_.is_at_end())) {
            fail(malformed_record("something follows the last field"));
        }
        return std::move(failure_);
    }

private:
    template <class T>
    std::optional<T> keep(Result<T> result)
    {
        if (!result) {
            fail(result.error());
            return std::nullopt;
        }
        return *std::move(result);
    }

    template <class From, class To>
    void store(Result<From> result, To& to)
    {
        if (auto value = keep(std::move(result))) {
            to = *std::move(value);
            next_field();
        }
    }

    void next_field()
    {
        field_.reset();
        if (fields_left_ != 0) {
            --fields_left_;
            field_ = keep(in_.unsigned_integer());
        }
    }

    ByteView record_;
    CborReader in_;
    std::uint64_t fields_left_{0};
    std::optional<std::uint64_t> field_; // the key that was read, and whose value comes next
    std::optional<Error> failure_;
};

} // namespace

Bytes CborRecordCodec::encode(const Event& event) const
{
    const Draft& draft = event.draft;
    Bytes to;
    to.reserve(256 + draft.data.size() + draft.meta.size());
    append_cbor_head(to, CborMajor::map, count_fields(event));
    append_field(to, Field::format);
    append_cbor_head(to, CborMajor::unsigned_int, record_format);
    append_field(to, Field::id);
    append_cbor_bytes(to, draft.id.bytes);
    append_field(to, Field::type);
    append_cbor_text(to, draft.type);
    append_field(to, Field::stream);
    append_cbor_text(to, event.stream.to_string());
    append_field(to, Field::version);
    append_cbor_head(to, CborMajor::unsigned_int, event.version.value);
    append_field(to, Field::source);
    append_cbor_text(to, draft.source);
    append_text_field(to, Field::actor, draft.actor);
    if (draft.time) {
        append_field(to, Field::time);
        append_cbor_integer(to, draft.time->nanoseconds);
    }
    append_field(to, Field::data);
    const std::size_t item = to.size();
    append_json(to, draft.data);
    const Digest digest = blake3(ByteView{to}.subspan(item));
    append_field(to, Field::digest);
    append_cbor_bytes(to, digest.view());
    if (!draft.meta.empty()) {
        append_field(to, Field::meta);
        append_json(to, draft.meta);
    }
    append_text_field(to, Field::key, draft.key);
    append_digest_field(to, Field::prev_hash, event.prev_hash);
    append_digest_field(to, Field::hash, event.hash);
    append_field(to, Field::salt);
    append_cbor_bytes(to, draft.salt);
    return to;
}

Result<Event> CborRecordCodec::decode(ByteView record) const
{
    CborRecordReader in{record};
    Event event;
    Draft& draft = event.draft;
    std::uint64_t format = 0;
    std::string stream_text;
    Digest stored_digest;

    in.start();
    in.number(Field::format, format);
    if (format != record_format) {
        in.fail(malformed_record("a format that this version does not know"));
    }
    in.fixed_bytes(Field::id, draft.id.bytes);
    in.text(Field::type, draft.type);
    in.text(Field::stream, stream_text);
    in.number(Field::version, event.version.value);
    in.text(Field::source, draft.source);
    in.label(Field::actor, draft.actor);
    in.time(draft.time);
    const ByteView item = in.json(Field::data, draft.data);
    in.fixed_bytes(Field::digest, stored_digest.bytes);
    if (in.has(Field::meta)) {
        in.json(Field::meta, draft.meta);
        if (!draft.meta.starts_with('{')) {
            in.fail(malformed_record("meta is not a map"));
        }
    }
    in.label(Field::key, draft.key);
    in.digest(Field::prev_hash, event.prev_hash);
    in.digest(Field::hash, event.hash);
    in.fixed_bytes(Field::salt, draft.salt);
    if (auto failure = in.finish()) {
        return *std::move(failure);
    }

    if (blake3(item) != stored_digest) {
        return Error{Errc::corrupt, "the data does not fit its digest"};
    }
    auto stream = StreamName::parse(stream_text);
    if (!stream) {
        return stream.error();
    }
    event.stream = *std::move(stream);
    if (const auto checked = check_decoded(event); !checked) {
        return checked.error();
    }
    return event;
}

} // namespace sealstream
