#include "core/base/error.hpp"

#include <array>

namespace sealstream {

namespace {

constexpr std::array<ErrcInfo, errc_count> table{{
    {Errc::malformed, "malformed", 400, false, "The input is not well-formed.",
     "Correct the named place and send it again."},
    {Errc::duplicate_key, "duplicate_key", 400, false, "An object names a member twice.",
     "Keep one of the two members."},
    {Errc::invalid_utf8, "invalid_utf8", 400, false, "Text is not valid UTF-8.",
     "Encode all text as UTF-8."},
    {Errc::lone_surrogate, "lone_surrogate", 400, false,
     "An escape names half of a surrogate pair.", "Write both halves, or the character itself."},
    {Errc::number_out_of_range, "number_out_of_range", 400, false, "A number does not fit 64 bits.",
     "Send larger numbers as strings."},
    {Errc::too_deep, "too_deep", 400, false, "The input is nested too deeply.",
     "Flatten it; GET /v1/limits tells the limit."},
    {Errc::too_large, "too_large", 413, false, "The input is larger than a limit.",
     "Send less at once; GET /v1/limits tells the limits."},
    {Errc::bad_name, "bad_name", 400, false, "A name breaks the naming rules.",
     "Use the characters and length that the documentation allows."},
    {Errc::unauthenticated, "unauthenticated", 401, false, "Nobody is signed in.",
     "Send valid credentials."},
    {Errc::forbidden, "forbidden", 403, false, "This is not allowed for you.",
     "Ask an administrator of this ledger for the role."},
    {Errc::emission_refused, "emission_refused", 403, false,
     "The emission policy does not let this source emit this event.",
     "Read the rule in this answer; POST /v1/policies/explain tells what it allows."},
    {Errc::not_found, "not_found", 404, false, "There is no such thing.", "Check the address."},
    {Errc::conflict, "conflict", 412, false, "The stream is not at the version you expected.",
     "Read the events in this answer, decide again, and append with the new version."},
    {Errc::key_reuse, "key_reuse", 422, false,
     "This id or idempotency key was already used for other content.",
     "Use a new id for new content, or repeat the exact first request."},
    {Errc::refused, "refused", 409, false, "A rule of the domain refuses this event.",
     "Read the reasons in this answer."},
    {Errc::in_progress, "in_progress", 409, true, "The same request is still running.",
     "Wait for Retry-After, then repeat: the answer will be that of the first request."},
    {Errc::precondition_required, "precondition_required", 428, false,
     "Appends to this stream type must state a condition.",
     "Send If-Match with the version you know, or If-None-Match: *."},
    {Errc::schema_violation, "schema_violation", 422, false,
     "The event is not what the schema of its type says.",
     "Correct the named places; GET /v1/schemas/{event_type} shows the schema."},
    {Errc::schema_incompatible, "schema_incompatible", 409, false,
     "The schema may not follow the one before it.",
     "Correct the named places, give the event type a new version, or ask for less compatibility."},
    {Errc::overloaded, "overloaded", 503, true, "The node has too much to do; nothing was done.",
     "Wait for Retry-After, then repeat."},
    {Errc::unavailable, "unavailable", 503, true, "A store behind the node does not answer.",
     "Wait for Retry-After, then repeat."},
    {Errc::projection_behind, "projection_behind", 503, true,
     "A read model is too far behind the log to answer this.",
     "Wait for Retry-After, then repeat."},
    {Errc::projection_missing, "projection_missing", 503, true,
     "The projection is not there yet: is a projector running?",
     "Wait for Retry-After, then repeat."},
    {Errc::timed_out, "timed_out", 503, true, "It took too long; nothing was changed.",
     "Repeat the request."},
    {Errc::outcome_unknown, "outcome_unknown", 503, true,
     "The append may or may not have happened.",
     "Repeat the very same request with the same event ids: it can not happen twice."},
    {Errc::capacity, "capacity", 507, true, "The log is full; nothing was written.",
     "Tell an operator: storage must grow before appends are accepted again."},
    {Errc::shutting_down, "shutting_down", 503, true, "This node is shutting down.",
     "Repeat the request: another node will answer."},
    {Errc::corrupt, "corrupt", 500, false, "Stored data contradicts its proof.",
     "Tell an operator at once: `sealstream verify` names the place."},
    {Errc::unsupported, "unsupported", 501, false, "The server behind the node lacks a feature.",
     "Tell an operator: `sealstream doctor` names it."},
    {Errc::internal, "internal", 500, false, "The node has failed; this is a bug.",
     "Report it with the request id."},
    {Errc::proof_too_short, "proof_too_short", 400, false, "The proof lacks hashes.",
     "Fetch the proof again."},
    {Errc::proof_too_long, "proof_too_long", 400, false, "The proof has hashes left over.",
     "Fetch the proof again."},
    {Errc::bad_signature, "bad_signature", 400, false, "A signature does not verify.",
     "Do not trust this document."},
    {Errc::untrusted_key, "untrusted_key", 400, false, "No trusted key has signed this.",
     "Check which verifier key you pinned."},
}};

constexpr bool is_complete()
{
    for (std::size_t at = 0; at < table.size(); ++at) {
        if (static_cast<std::size_t>(table[at].code) != at || table[at].name.empty()) {
            return false;
        }
    }
    return true;
}
static_assert(is_complete(), "every code has its row, in the order of the enumeration");

} // namespace

const ErrcInfo& info(Errc code) noexcept
{
    return table[static_cast<std::size_t>(code)];
}

std::string_view name(Errc code) noexcept
{
    return info(code).name;
}

std::string describe(const Error& error)
{
    std::string text{name(error.code)};
    if (!error.context.empty()) {
        text.append(": ").append(error.context);
    }
    if (!error.pointer.empty()) {
        text.append(" (at ").append(error.pointer).append(")");
    }
    return text;
}

Error with_context(Error error, std::string_view where)
{
    if (error.context.empty()) {
        error.context = where;
    } else {
        error.context.insert(0, ": ").insert(0, where);
    }
    return error;
}

} // namespace sealstream
