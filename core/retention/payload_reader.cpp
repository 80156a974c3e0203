#include "core/retention/payload_reader.hpp"

#include "core/event/codec.hpp"
#include "core/retention/key_period.hpp"

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
    Keys keys; // what is remembered may be dropped while others wait for theirs
    std::vector<std::string> wanted;
    bool is_any_new = false;
    for (const Encrypted& one : encrypted) {
        std::string name{*payload_key_of(one.event.draft.data)};
        if (keys.contains(name)) {
            continue;
        }
        const auto known = known_.find(name);
        const bool is_known = known != known_.end();
        keys[name] = is_known ? Answer{true, known->second.secret} : Answer{};
        if (!is_over(name) && !(is_known && is_believed(known->second))) {
            is_any_new = is_any_new || !is_known;
            wanted.push_back(std::move(name));
        }
    }
    if (!wanted.empty()) {
        auto found = co_await learn(std::move(wanted));
        // A key whose time is not over has not been destroyed since it was asked for.
        if (!found && (is_any_new || found.error().code != Errc::unavailable)) {
            co_return found.error();
        }
        if (found) {
            for (const auto& [name, answer] : *found) {
                keys[name] = answer;
            }
        }
    }
    for (Encrypted& one : encrypted) {
        StoredRecord& record = records[one.place];
        const auto opened = open_one(record, std::move(one.event), keys);
        if (!opened) {
            co_return with_context(opened.error(),
                                   "position " + std::to_string(record.position.value));
        }
    }
    co_return std::move(records);
}

// What the store says of them, and remembers it; nothing of a key that it has lost.
boost::asio::awaitable<Result<PayloadReader::Keys>>
PayloadReader::learn(std::vector<std::string> names)
{
    const Monotonic asked = clock_.monotonic();
    Keys keys;
    for (const std::string& name : names) {
        keys[name] = Answer{};
    }
    SEAL_CO_TRY(found, co_await keys_.find(std::move(names)));
    if (known_.size() + found.size() > options_.keys_cached_max) {
        known_.clear();
    }
    for (FoundPayloadKey& one : found) {
        keys[one.name] = Answer{true, one.secret};
        known_.insert_or_assign(std::move(one.name), Known{one.secret, asked});
    }
    co_return keys;
}

bool PayloadReader::is_believed(const Known& known) const
{
    return !known.secret || clock_.monotonic() - known.asked < options_.key_cache;
}

bool PayloadReader::is_over(const std::string& name) const
{
    const auto period = parse_key_name(name);
    const auto keep = period ? rules_->keep(period->retention_class) : std::nullopt;
    return keep && clock_.wall() >= expiry(*period, *keep);
}

Result<void> PayloadReader::open_one(StoredRecord& record, Event event, const Keys& keys) const
{
    PayloadKey key{std::string{*payload_key_of(event.draft.data)}, {}};
    const Answer& answer = keys.at(key.name);
    const bool is_gone = is_over(key.name) || (answer.is_known && !answer.secret);
    if (is_gone) {
        expire_payload(event);
    } else if (!answer.is_known) {
        return Error{Errc::unavailable, "the table of payload keys has lost " + key.name +
                                            ": restore it (docs/retention.md)"};
    } else {
        key.secret = *answer.secret;
        SEAL_TRY_VOID(decrypt_payload(event, key));
    }
    record.record = encoded_like(record.record, event);
    record.payload_key = std::move(key.name);
    record.is_expired = is_gone;
    return {};
}

} // namespace sealstream
