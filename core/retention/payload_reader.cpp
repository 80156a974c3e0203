#include "core/retention/payload_reader.hpp"

#include "core/event/codec.hpp"
#include "core/retention/key_period.hpp"

#include <set>

namespace sealstream {

namespace {

// Stands in the record of every encrypted payload, in both codecs, and hardly anywhere else.
constexpr std::string_view mark = "$encrypted";

struct Encrypted {
    std::size_t place; // among the records
    Event event;
};

Result<std::vector<Encrypted>> encrypted_among(const std::vector<StoredRecord>& records)
{
    std::vector<Encrypted> found;
    for (std::size_t at = 0; at < records.size(); ++at) {
        if (as_text(records[at].record).find(mark) == std::string_view::npos) {
            continue;
        }
        auto event = decode_record(records[at].record);
        if (!event) {
            return Error{Errc::corrupt, "the record at position " +
                                            std::to_string(records[at].position.value) + ": " +
                                            describe(event.error())};
        }
        if (payload_key_of(event->draft.data)) {
            found.push_back({at, *std::move(event)});
        }
    }
    return found;
}

Bytes encoded_like(ByteView record, const Event& event)
{
    const bool is_json = record.front() == std::byte{'{'};
    return codec(is_json ? CodecKind::canonical_json : CodecKind::deterministic_cbor).encode(event);
}

} // namespace

PayloadReader::PayloadReader(PayloadKeys& keys, const Clock& clock, RetentionRulesPtr rules,
                             PayloadReaderOptions options)
    : keys_{keys},
      clock_{clock},
      rules_{std::move(rules)},
      options_{options}
{
}

boost::asio::awaitable<Result<std::vector<StoredRecord>>>
PayloadReader::open(std::vector<StoredRecord> records)
{
    SEAL_CO_TRY(encrypted, encrypted_among(records));
    if (encrypted.empty()) {
        co_return std::move(records);
    }
    std::set<std::string> wanted;
    const Monotonic now = clock_.monotonic();
    for (const Encrypted& one : encrypted) {
        std::string name{*payload_key_of(one.event.draft.data)};
        const auto known = known_.find(name);
        const bool is_known =
            known != known_.end() &&
            (!known->second.secret || now - known->second.asked < options_.key_cache);
        if (!is_known && !is_over(name)) {
            wanted.insert(std::move(name));
        }
    }
    if (!wanted.empty()) {
        std::vector<std::string> names{wanted.begin(), wanted.end()};
        SEAL_CO_TRY_VOID(co_await learn(std::move(names)));
    }
    for (Encrypted& one : encrypted) {
        StoredRecord& record = records[one.place];
        const auto opened = open_one(record, std::move(one.event));
        if (!opened) {
            co_return with_context(opened.error(),
                                   "position " + std::to_string(record.position.value));
        }
    }
    co_return std::move(records);
}

boost::asio::awaitable<Result<void>> PayloadReader::learn(std::vector<std::string> names)
{
    const Monotonic asked = clock_.monotonic();
    const std::size_t count = names.size();
    SEAL_CO_TRY(found, co_await keys_.find(std::move(names)));
    if (known_.size() + count > options_.keys_cached_max) {
        known_.clear();
    }
    for (FoundPayloadKey& one : found) {
        known_.insert_or_assign(std::move(one.name), Known{one.secret, asked});
    }
    co_return Result<void>{};
}

bool PayloadReader::is_over(const std::string& name) const
{
    const auto period = parse_key_name(name);
    const auto keep = period ? rules_->keep(period->retention_class) : std::nullopt;
    return keep && clock_.wall() >= expiry(*period, *keep);
}

Result<void> PayloadReader::open_one(StoredRecord& record, Event event) const
{
    PayloadKey key{std::string{*payload_key_of(event.draft.data)}, {}};
    const auto known = known_.find(key.name);
    const bool is_gone = (known != known_.end() && !known->second.secret) || is_over(key.name);
    if (is_gone) {
        expire_payload(event);
    } else if (known == known_.end()) {
        return Error{Errc::unavailable, "the table of payload keys has lost " + key.name +
                                            ": restore it (docs/retention.md)"};
    } else {
        key.secret = *known->second.secret;
        SEAL_TRY_VOID(decrypt_payload(event, key));
    }
    record.record = encoded_like(record.record, event);
    record.payload_key = std::move(key.name);
    record.is_expired = is_gone;
    return {};
}

} // namespace sealstream
