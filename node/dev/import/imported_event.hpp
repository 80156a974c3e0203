#pragma once

// What the importers make: drafts that are the same whenever the same fact is read again, so that
// importing twice adds nothing. The id is a hash of the fact, and the salt a hash of the id and a
// secret seed.

#include "core/event/append_plan.hpp"
#include "core/event/event.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

struct ImportedEvent {
    StreamName stream;
    Draft draft;
};

// A fact as an importer read it.
struct Fact {
    std::string stream_type;
    std::string stream_id; // any text; what is no stream id is put as its hash
    std::string type;
    std::string source;
    std::string actor; // any text; what is no actor name becomes "unknown"
    std::optional<WallTime> time;
    boost::json::object data;
    std::string content; // what was read; with its repetition it makes the id
};

// Counts how often the same content came, so that two equal log lines are two events.
class EventMaker {
public:
    explicit EventMaker(Salt salt_seed) : salt_seed_{salt_seed} {}
    [[nodiscard]] ImportedEvent make(Fact fact);

private:
    Salt salt_seed_;
    std::map<std::string, std::uint64_t> times_seen_;
};

// UUID version 8 (RFC 9562, 5.8): the first 122 bits of SHA-256(label, lengths, source, content,
// repetition).
[[nodiscard]] EventId imported_id(std::string_view source, std::string_view content,
                                  std::uint64_t repetition);

// By time, those without one first; the order of equal times stays. Keeps the newest `events_max`.
void sort_by_time(std::vector<ImportedEvent>& events, std::size_t events_max);

// Appends of at most `batch_events_max` events in all, each stream once in each, in order.
[[nodiscard]] std::vector<std::vector<StreamAppend>> to_batches(std::vector<ImportedEvent> events,
                                                                std::size_t batch_events_max);

// The text with each byte that is not part of UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string to_utf8(std::string_view text);

} // namespace sealstream
