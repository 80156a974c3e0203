#include "projections/batch_rows.hpp"

#include "projections/words.hpp"

#include <boost/json/parse.hpp>

namespace sealstream {

namespace {

constexpr std::size_t row_bytes_typical = 512;

// Text for a column that can not hold a NUL character.
std::string storable(std::string_view text)
{
    std::string result{text};
    for (std::size_t at = result.find('\0'); at != std::string::npos; at = result.find('\0', at)) {
        result.replace(at, 1, "\xef\xbf\xbd");
    }
    return result;
}

std::optional<std::string> category_of(const std::string& meta)
{
    if (meta.find("\"category\":") == std::string::npos) {
        return std::nullopt;
    }
    boost::system::error_code failure;
    const auto value = boost::json::parse(meta, failure);
    if (failure || !value.is_object()) {
        return std::nullopt;
    }
    const auto* const category = value.get_object().if_contains("category");
    if (category == nullptr || !category->is_string()) {
        return std::nullopt;
    }
    return storable(category->get_string());
}

void add_json(CopyBuffer& rows, std::string_view json, bool has_nul)
{
    if (has_nul) {
        rows.add_jsonb(without_nul(json));
    } else {
        rows.add_jsonb(json);
    }
}

void add_exact(CopyBuffer& rows, std::string_view json, JsonTraits traits)
{
    if (traits.has_nul || traits.has_exponent) {
        rows.add_text(json);
    } else {
        rows.add_null();
    }
}

void add_time(CopyBuffer& rows, const std::optional<WallTime>& time)
{
    if (!time) {
        rows.add_null();
        rows.add_null();
        return;
    }
    rows.add_timestamp(*time);
    rows.add_bigint(time->nanoseconds);
}

void add_hash(CopyBuffer& rows, const std::optional<Digest>& hash)
{
    if (hash) {
        rows.add_bytes(hash->view());
    } else {
        rows.add_null();
    }
}

// What the rules of the log say about one event.
struct RuleColumns {
    bool is_skipped;
    std::uint32_t schema_version;
};

void add_row(CopyBuffer& rows, const StoredRecord& record, const Event& event, RuleColumns rules,
             std::vector<std::string>& words)
{
    const Draft& draft = event.draft;
    const JsonTraits meta = scan_canonical_json(draft.meta, words);
    const JsonTraits data = scan_canonical_json(draft.data, words); // last: `words` are of the data
    const auto category = category_of(draft.meta);

    rows.begin_row();
    rows.add_bigint(record.position.value);
    rows.add_uuid(draft.id);
    rows.add_text(event.stream.type);
    rows.add_text(event.stream.id);
    rows.add_bigint(event.version.value);
    rows.add_text(draft.type);
    rows.add_text(draft.source);
    rows.add_text(draft.actor);
    if (category) {
        rows.add_text(*category);
    } else {
        rows.add_null();
    }
    add_time(rows, draft.time);
    add_time(rows, record.ingested);
    rows.add_text(draft.key);
    add_json(rows, draft.data, data.has_nul);
    if (draft.meta.empty()) {
        rows.add_null();
    } else {
        add_json(rows, draft.meta, meta.has_nul);
    }
    add_exact(rows, draft.data, data);
    add_exact(rows, draft.meta, meta);
    rows.begin_text_array(words.size());
    for (const std::string& word : words) {
        rows.add_text(word);
    }
    rows.end_array();
    rows.add_integer(static_cast<std::int32_t>(rules.schema_version));
    add_hash(rows, event.hash);
    add_hash(rows, event.prev_hash);
    if (record.payload_key.empty()) {
        rows.add_null();
    } else {
        rows.add_text(record.payload_key);
    }
    rows.add_boolean(record.is_expired);
    rows.add_boolean(rules.is_skipped);
}

} // namespace

BatchRows encode_batch(const std::vector<StoredRecord>& records, SkipRules& rules)
{
    const Position first = records.front().position;
    BatchRows batch{first, Position{first.value - 1},
                    CopyBuffer{batch_columns, records.size() * row_bytes_typical}, std::nullopt};
    std::vector<std::string> words;
    for (const StoredRecord& record : records) {
        const auto event = decode_record(record.record);
        if (!event) {
            batch.fault = Error{Errc::corrupt, "the record at position " +
                                                   std::to_string(record.position.value) +
                                                   " does not decode: " + describe(event.error())};
            break;
        }
        const auto is_skipped = rules.take(*event);
        if (!is_skipped) {
            batch.fault = with_context(is_skipped.error(),
                                       "position " + std::to_string(record.position.value));
            break;
        }
        add_row(batch.rows, record, *event, {*is_skipped, rules.schema_version(event->draft.type)},
                words);
        batch.last = record.position;
        batch.last_ingested = record.ingested;
    }
    batch.skipped_types = rules.types();
    batch.schema_versions = rules.schema_versions();
    return batch;
}

} // namespace sealstream
