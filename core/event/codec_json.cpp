// The JSON record: one canonical object with the members
//
//   actor  data  hash  id  key  meta  prev_hash  salt  source  stream  time  type  v  version
//
// in this order, which is theirs by RFC 8785 too. The decoder walks them in order and accepts each
// field only in the one form that the encoder writes, so that nothing needs to be encoded again to
// compare.

#include "core/base/check.hpp"
#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/canonical_scan.hpp"
#include "core/event/record_codecs.hpp"

#include <algorithm>
#include <charconv>

namespace sealstream {

namespace {

constexpr std::size_t frame_bytes = 384; // about what a record has beside data and meta

class Writer {
public:
    explicit Writer(std::size_t bytes) { text_.reserve(bytes); }

    void raw(std::string_view text) { text_.append(text); }

    void optional_text(std::string_view opening, std::string_view text)
    {
        if (!text.empty()) {
            raw(opening);
            append_canonical_string(text_, text);
        }
    }

    void hex(std::string_view opening, const std::optional<Digest>& digest)
    {
        if (digest) {
            raw(opening);
            raw(to_hex(digest->view()));
            raw("\"");
        }
    }

    std::string& text() { return text_; }

private:
    std::string text_;
};

// Walks the record. A failed step makes all later ones fail, so that they can be written one after
// another.
class JsonRecordReader {
public:
    explicit JsonRecordReader(std::string_view text)
        : at_{text.data()},
          end_{text.data() + text.size()}
    {
    }

    // Steps over exactly this text.
    bool take(std::string_view text)
    {
        const std::string_view left{at_, static_cast<std::size_t>(end_ - at_)};
        if (!is_good_ || left.substr(0, text.size()) != text) {
            return false;
        }
        at_ += text.size();
        return true;
    }

    void need(std::string_view text) { is_good_ = take(text); }

    std::string_view value() { return span(is_good_ ? skip_canonical_value(at_, end_) : nullptr); }

    std::string text()
    {
        const std::string_view literal = literal_view();
        if (literal.empty()) {
            return {};
        }
        const char* const begin = literal.data();
        if (literal.find('\\') == std::string_view::npos) {
            return std::string{literal.substr(1, literal.size() - 2)};
        }
        return unescape_canonical(begin, begin + literal.size());
    }

    // What stands between quotes when it can not hold an escape: digits, hex, names of types.
    std::string_view plain()
    {
        const std::string_view literal = literal_view();
        return literal.empty() ? literal : literal.substr(1, literal.size() - 2);
    }

    void fail() { is_good_ = false; }
    [[nodiscard]] bool is_good() const { return is_good_; }
    [[nodiscard]] bool is_at_end() const { return is_good_ && at_ == end_; }

private:
    std::string_view literal_view()
    {
        return span(is_good_ ? skip_canonical_string(at_, end_) : nullptr);
    }

    std::string_view span(const char* stop)
    {
        is_good_ = stop != nullptr;
        if (!is_good_) {
            return {};
        }
        const std::string_view found{at_, static_cast<std::size_t>(stop - at_)};
        at_ = stop;
        return found;
    }

    const char* at_;
    const char* const end_;
    bool is_good_{true};
};

Error malformed_field(const char* field)
{
    return Error{Errc::malformed, std::string{"not a canonical JSON record, at "} + field};
}

template <std::size_t Size>
bool copy_exactly(const Result<Bytes>& decoded, std::array<std::byte, Size>& to)
{
    if (!decoded || decoded->size() != Size) {
        return false;
    }
    std::copy(decoded->begin(), decoded->end(), to.begin());
    return true;
}

// `opening` and a label, when the record has it there.
Result<std::string> read_label(JsonRecordReader& in, std::string_view opening, const char* field)
{
    if (!in.take(opening)) {
        return std::string{};
    }
    std::string text = in.text();
    if (!in.is_good()) {
        return malformed_field(field);
    }
    if (const auto checked = check_label(text); !checked) {
        return with_context(checked.error(), field);
    }
    return text;
}

std::optional<Digest> read_digest(JsonRecordReader& in, std::string_view opening)
{
    if (!in.take(opening)) {
        return std::nullopt;
    }
    Digest digest;
    if (!copy_exactly(from_hex(in.plain()), digest.bytes)) {
        in.fail();
    }
    return digest;
}

void read_id(JsonRecordReader& in, EventId& to)
{
    const std::string_view text = in.plain();
    const auto id = EventId::parse(text);
    if (!id || std::any_of(text.begin(), text.end(),
                           [](char letter) { return letter >= 'A' && letter <= 'F'; })) {
        in.fail();
        return;
    }
    to = *id;
}

void read_time(JsonRecordReader& in, std::optional<WallTime>& to)
{
    if (!in.take(",\"time\":")) {
        return;
    }
    const std::string_view text = in.plain();
    const auto time = from_rfc3339(text);
    if (!time || to_rfc3339(*time) != text) {
        in.fail();
        return;
    }
    to = *time;
}

void read_version(JsonRecordReader& in, Version& to)
{
    const auto version = parse_place(in.plain());
    if (!version) {
        in.fail();
        return;
    }
    to = Version{*version};
}

void read_salt(JsonRecordReader& in, Salt& to)
{
    if (!copy_exactly(from_base64url(in.plain()), to)) {
        in.fail();
    }
}

} // namespace

Bytes JsonRecordCodec::encode(const Event& event) const
{
    const Draft& draft = event.draft;
    Writer out{frame_bytes + draft.data.size() + draft.meta.size() + draft.key.size()};
    out.optional_text("{\"actor\":", draft.actor);
    out.raw(draft.actor.empty() ? "{\"data\":" : ",\"data\":");
    out.raw(draft.data);
    out.hex(",\"hash\":\"", event.hash);
    out.raw(",\"id\":\"");
    out.raw(draft.id.to_string());
    out.raw("\"");
    out.optional_text(",\"key\":", draft.key);
    if (!draft.meta.empty()) {
        out.raw(",\"meta\":");
        out.raw(draft.meta);
    }
    out.hex(",\"prev_hash\":\"", event.prev_hash);
    out.raw(",\"salt\":\"");
    out.raw(to_base64url(draft.salt));
    out.raw("\",\"source\":");
    append_canonical_string(out.text(), draft.source);
    out.raw(",\"stream\":");
    append_canonical_string(out.text(), event.stream.to_string());
    if (draft.time) {
        out.raw(",\"time\":\"");
        out.raw(to_rfc3339(*draft.time));
        out.raw("\"");
    }
    out.raw(",\"type\":");
    append_canonical_string(out.text(), draft.type);
    out.raw(",\"v\":1,\"version\":\"");
    out.raw(std::to_string(event.version.value));
    out.raw("\"}");
    static_assert(record_format == 1, "the number is spelled out above");
    return to_bytes(out.text());
}

Result<Event> JsonRecordCodec::decode(ByteView record) const
{
    JsonRecordReader in{as_text(record)};
    Event event;
    Draft& draft = event.draft;

    auto actor = read_label(in, "{\"actor\":", "actor");
    if (!actor) {
        return actor.error();
    }
    draft.actor = *std::move(actor);
    in.need(draft.actor.empty() ? "{\"data\":" : ",\"data\":");
    draft.data = in.value();
    event.hash = read_digest(in, ",\"hash\":");
    in.need(",\"id\":");
    read_id(in, draft.id);
    if (!in.is_good()) {
        return malformed_field("data, hash or id");
    }
    auto key = read_label(in, ",\"key\":", "key");
    if (!key) {
        return key.error();
    }
    draft.key = *std::move(key);
    if (in.take(",\"meta\":")) {
        draft.meta = in.value();
        if (!draft.meta.starts_with('{')) {
            return malformed_field("meta");
        }
    }
    event.prev_hash = read_digest(in, ",\"prev_hash\":");
    in.need(",\"salt\":");
    read_salt(in, draft.salt);
    in.need(",\"source\":");
    draft.source = in.text();
    in.need(",\"stream\":");
    const std::string stream_text = in.text();
    if (!in.is_good()) {
        return malformed_field("meta, prev_hash, salt, source or stream");
    }
    auto stream = StreamName::parse(stream_text);
    if (!stream) {
        return stream.error();
    }
    event.stream = *std::move(stream);
    read_time(in, draft.time);
    in.need(",\"type\":");
    draft.type = in.plain();
    in.need(",\"v\":1,\"version\":");
    read_version(in, event.version);
    in.need("}");
    if (!in.is_at_end()) {
        return malformed_field("time, type, v, version or the end");
    }
    if (const auto checked = check_decoded(event); !checked) {
        return checked.error();
    }
    return event;
}

} // namespace sealstream
