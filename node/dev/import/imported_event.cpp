#include "node/dev/import/imported_event.hpp"

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/digest.hpp"

#include <algorithm>

namespace sealstream {

namespace {

// Labels end in 00 and every part has its length before it, so that no two inputs run together.
constexpr std::string_view id_label{"sealstream/import-id/v1\0", 24};
constexpr std::string_view salt_label{"sealstream/import-salt/v1\0", 26};

void add_part(Bytes& to, std::string_view part)
{
    append_big_endian(to, static_cast<std::uint64_t>(part.size()));
    append(to, as_bytes(part));
}

Salt salt_for(const Salt& seed, const EventId& id)
{
    Bytes input = to_bytes(salt_label);
    append(input, seed);
    append(input, id.bytes);
    return sha256(input).bytes;
}

std::string hashed_name(std::string_view text)
{
    return "sha256-" + to_hex(sha256(as_bytes(text)).view());
}

// How many bytes the well-formed UTF-8 sequence at the beginning has; 0 when there is none (RFC
// 3629, 4).
std::size_t sequence_size(std::string_view text)
{
    const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < size) {
        return 0;
    }
    for (std::size_t at = 1; at < size; ++at) {
        if ((byte(at) & 0xc0U) != 0x80U) {
            return 0;
        }
    }
    const unsigned second = byte(1);
    const bool is_bad = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
    return is_bad ? 0 : size;
}

} // namespace

std::string to_utf8(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t size = sequence_size(text);
        result += size == 0 ? std::string_view{"\xef\xbf\xbd"} : text.substr(0, size);
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return result;
}

EventId imported_id(std::string_view source, std::string_view content, std::uint64_t repetition)
{
    Bytes input = to_bytes(id_label);
    add_part(input, source);
    add_part(input, content);
    append_big_endian(input, repetition);
    const Digest digest = sha256(input);
    EventId id;
    std::copy_n(digest.bytes.begin(), id.bytes.size(), id.bytes.begin());
    id.bytes[6] = (id.bytes[6] & std::byte{0x0f}) | std::byte{0x80}; // version 8
    id.bytes[8] = (id.bytes[8] & std::byte{0x3f}) | std::byte{0x80}; // variant of RFC 9562
    return id;
}

ImportedEvent EventMaker::make(Fact fact)
{
    const std::uint64_t repetition = times_seen_[fact.source + '\0' + fact.content]++;
    ImportedEvent event;
    auto stream = StreamName::make(fact.stream_type, fact.stream_id);
    event.stream =
        stream ? *std::move(stream) : StreamName{fact.stream_type, hashed_name(fact.stream_id)};

    Draft& draft = event.draft;
    draft.id = imported_id(fact.source, fact.content, repetition);
    draft.type = std::move(fact.type);
    draft.source = std::move(fact.source);
    draft.actor = check_label(fact.actor) ? std::move(fact.actor) : "unknown";
    draft.time = fact.time;
    draft.data = to_canonical_json(fact.data);
    draft.meta = R"({"category":"system"})";
    draft.salt = salt_for(salt_seed_, draft.id);
    return event;
}

void sort_by_time(std::vector<ImportedEvent>& events, std::size_t events_max)
{
    std::stable_sort(
        events.begin(), events.end(), [](const ImportedEvent& left, const ImportedEvent& right) {
            return left.draft.time < right.draft.time; // an empty optional is the least
        });
    if (events.size() > events_max) {
        const auto dropped = static_cast<std::ptrdiff_t>(events.size() - events_max);
        events.erase(events.begin(), events.begin() + dropped);
    }
}

std::vector<std::vector<StreamAppend>> to_batches(std::vector<ImportedEvent> events,
                                                  std::size_t batch_events_max)
{
    std::vector<std::vector<StreamAppend>> batches;
    std::map<StreamName, std::size_t> place_of; // in the newest batch
    std::size_t count = batch_events_max;
    for (ImportedEvent& event : events) {
        if (count == batch_events_max) {
            batches.emplace_back();
            place_of.clear();
            count = 0;
        }
        auto& batch = batches.back();
        const auto [place, is_new] = place_of.try_emplace(event.stream, batch.size());
        if (is_new) {
            batch.push_back(StreamAppend{event.stream, Expected{}, {}});
        }
        batch[place->second].drafts.push_back(std::move(event.draft));
        ++count;
    }
    return batches;
}

} // namespace sealstream
