#pragma once

// The one list of error codes. A code says what the caller can do next, not what went wrong inside.
// The table beside it (error.cpp) gives each its name on the wire, HTTP status, and public text.

#include <cstdint>
#include <string>
#include <string_view>

namespace sealstream {

enum class Errc : std::uint8_t {
    // Input that will never be accepted as it is. `Error::pointer` names the place.
    malformed,           // not what the format says
    duplicate_key,       // an object names a member twice
    invalid_utf8,        // text that is not UTF-8
    lone_surrogate,      // \ud800..\udfff without its partner
    number_out_of_range, // an integer beyond 64 bits, or a number that no double holds
    too_deep,            // nested deeper than the limit
    too_large,           // larger than a limit
    bad_name,            // a type, stream, source or key that breaks the naming rules

    // Who is asking.
    unauthenticated,
    forbidden,
    emission_refused, // the emission policy of the event's type says no

    // The state of things does not fit the request.
    not_found,
    conflict,              // a stated condition does not hold: read again, decide again
    key_reuse,             // the idempotency key was used for other content
    refused,               // a rule of the domain says no
    in_progress,           // the same request is still running
    precondition_required, // the stream type demands a condition and none was given
    schema_violation,      // the event is not what the schema of its type says
    schema_incompatible,   // the schema may not follow the one before it

    // Later it may work.
    overloaded,         // nothing was sent: wait, then repeat
    unavailable,        // a store we need does not answer
    projection_behind,  // a read model has not folded enough of the log to answer
    projection_missing, // a read model has not been made yet
    timed_out,          // it took too long; nothing was changed
    outcome_unknown,    // it may have happened: repeat the very same call with the same ids
    capacity,           // a store is full: nothing was written; an operator must act
    shutting_down,

    // A person must act.
    corrupt,     // stored data contradicts itself or its proof; never retried, never skipped
    unsupported, // the server or the setup lacks what we need
    internal,    // our bug

    // Proofs.
    proof_too_short,
    proof_too_long,
    bad_signature,
    untrusted_key,
};
inline constexpr std::size_t errc_count = static_cast<std::size_t>(Errc::untrusted_key) + 1;

struct Error {
    Errc code{Errc::internal};
    std::string context{}; // for operators; never shown to clients
    std::string pointer{}; // JSON Pointer (RFC 6901) into the input that is at fault, for clients
    std::string details{}; // for clients: ready JSON members, `"parameter":"limit"`
};

struct ErrcInfo {
    Errc code;
    std::string_view name; // stable, snake_case; on the wire and in logs
    int http_status;
    bool is_retryable;       // the same request may succeed later
    std::string_view title;  // public: what happened
    std::string_view remedy; // public: what to do
};

[[nodiscard]] const ErrcInfo& info(Errc code) noexcept;
[[nodiscard]] std::string_view name(Errc code) noexcept;

// "conflict: expected version 3, stream is at 5 (/events/0)"
[[nodiscard]] std::string describe(const Error& error);

// The same error with `where` put in front of its context.
[[nodiscard]] Error with_context(Error error, std::string_view where);

} // namespace sealstream
