#include "jetstream/ack.hpp"

#include <boost/json/parse.hpp>

#include <charconv>

namespace sealstream::jetstream {

namespace {

// Reads the digits after `key`, or nothing. The server writes success answers from a fixed
// template, so they need no JSON parser; everything else gets one.
bool number_after(std::string_view text, std::string_view key, std::uint64_t& number)
{
    const auto at = text.find(key);
    if (at == std::string_view::npos) {
        return false;
    }
    text.remove_prefix(at + key.size());
    while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc{};
}

Ack parse_error(std::string_view payload)
{
    Ack ack;
    ack.kind = Ack::Kind::fault;
    boost::system::error_code failed;
    const auto document = boost::json::parse({payload.data(), payload.size()}, failed);
    const auto* object = failed ? nullptr : document.if_object();
    const auto* error = object != nullptr ? object->if_contains("error") : nullptr;
    const auto* fields = error != nullptr ? error->if_object() : nullptr;
    if (fields == nullptr) {
        ack.text = "an answer that is neither a place nor an error";
        return ack;
    }
    if (const auto* code = fields->if_contains("err_code"); code != nullptr && code->is_int64()) {
        ack.err_code = static_cast<int>(code->as_int64());
    }
    if (const auto* words = fields->if_contains("description");
        words != nullptr && words->is_string()) {
        ack.text = std::string{words->as_string().data(), words->as_string().size()};
    }
    ack.kind = classify(ack.err_code);
    return ack;
}

} // namespace

Ack::Kind classify(int err_code) noexcept
{
    switch (err_code) {
    case 10071:
    case 10070:
        return Ack::Kind::wrong_sequence;
    case 10164:
    case 10158:
        return Ack::Kind::undecided;
    case 10201:
        return Ack::Kind::batch_duplicate;
    case 10008: // system temporarily unavailable
    case 10167: // ingest queue full
    case 10176: // batch incomplete: leader change, timeout
    case 10210: // too many open batches
    case 10211:
        return Ack::Kind::transient;
    case 10077: // store refused: limits reached
    case 10023: // insufficient resources
    case 10028: // memory resources exceeded
    case 10047: // storage resources exceeded
        return Ack::Kind::full;
    case 10054: // message size exceeds maximum
        return Ack::Kind::too_large;
    default:
        return Ack::Kind::fault;
    }
}

std::string_view name(Ack::Kind kind) noexcept
{
    switch (kind) {
    case Ack::Kind::stored:
        return "stored";
    case Ack::Kind::duplicate:
        return "duplicate";
    case Ack::Kind::batch_duplicate:
        return "batch_duplicate";
    case Ack::Kind::wrong_sequence:
        return "wrong_sequence";
    case Ack::Kind::undecided:
        return "undecided";
    case Ack::Kind::transient:
        return "transient";
    case Ack::Kind::lost:
        return "lost";
    case Ack::Kind::full:
        return "full";
    case Ack::Kind::too_large:
        return "too_large";
    case Ack::Kind::fault:
        return "fault";
    }
    return "fault";
}

Ack parse_ack(std::string_view payload, bool has_no_responders)
{
    Ack ack;
    if (has_no_responders) {
        ack.kind = Ack::Kind::transient;
        ack.text = "no stream listens on the subject (no leader, or the stream is gone)";
        return ack;
    }
    if (payload.find("\"error\"") != std::string_view::npos ||
        !number_after(payload, "\"seq\":", ack.sequence) || ack.sequence == 0) {
        return parse_error(payload);
    }
    const bool is_duplicate = payload.find("\"duplicate\"") != std::string_view::npos;
    ack.kind = is_duplicate ? Ack::Kind::duplicate : Ack::Kind::stored;
    number_after(payload, "\"count\":", ack.count);
    return ack;
}

} // namespace sealstream::jetstream
