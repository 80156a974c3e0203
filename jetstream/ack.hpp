#pragma once

// What the server answers to a publish, and what that means for us. Pure.
//
// reference: nats-server errors.json; ADR-22 (publish retries), ADR-50 (batches).

#include <cstdint>
#include <string>
#include <string_view>

namespace sealstream::jetstream {

struct Ack {
    enum class Kind : std::uint8_t {
        stored,          // `sequence` is its place (of a batch: the last place)
        duplicate,       // stored earlier; `sequence` is the original place
        batch_duplicate, // an id of the batch is in the window already (10201)
        wrong_sequence,  // the condition does not hold (10071), or an own earlier try has moved it
        undecided,       // a write to the subject is in flight (10164, 10158): try again shortly
        transient,       // not stored now (leader change, queue full, 503): try again, same ids
        lost,            // no answer: it may have been stored
        full,            // no room (10077, 10023, 10028, 10047)
        too_large,       // the server's limit of one message (10054)
        fault,           // our mistake, or a stream changed behind our back
    };
    Kind kind{Kind::lost};
    std::uint64_t sequence{0};
    std::uint64_t count{0}; // of a batch
    int err_code{0};
    std::string text{}; // the server's words, for operators
};

// `payload` is the body of the answer; `has_no_responders` tells the 503 that the server sends for
// it.
[[nodiscard]] Ack parse_ack(std::string_view payload, bool has_no_responders);

[[nodiscard]] Ack::Kind classify(int err_code) noexcept;
[[nodiscard]] std::string_view name(Ack::Kind kind) noexcept;

} // namespace sealstream::jetstream
