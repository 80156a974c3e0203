#pragma once

// Fields that never reach the log in clear. A rule names them by a JSON Pointer into the event, in
// which "*" stands for every member or element of one level:
//
//   {"pointer":"/data/users/*/password","mode":"mask"}
//
// Modes
//   remove   the member is gone (an element of an array too; all of data becomes null)
//   mask     "***"
//   digest   "sha256:<hex>" of event id, place and value: tells equal from changed within repeats
//   of
//            one event, but not across events. Whoever can guess the value can check the guess, so
//            it is for values that nobody can guess.
//
// Fails closed: where a pointer wants to go on into something that has no members, such as text
// that may itself be JSON or Base64, all of that is redacted.

#include "core/event/event.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sealstream {

inline constexpr std::size_t redactions_max = 64; // of one event type
inline constexpr std::string_view redaction_mask = "***";

enum class RedactionMode : std::uint8_t { remove, mask, digest };

struct Redaction {
    std::string pointer;
    std::vector<std::string> tokens; // of the pointer; the first is "data" or "meta"
    RedactionMode mode{RedactionMode::remove};

    friend bool operator==(const Redaction&, const Redaction&) = default;
};

// An array of rules; a string is a pointer with the mode `remove`.
//   malformed, too_large   with a pointer
[[nodiscard]] Result<std::vector<Redaction>> parse_redactions(const boost::json::value& value);
[[nodiscard]] boost::json::value to_json(const std::vector<Redaction>& redactions);

// Redacting what has been redacted changes nothing but digests.
void redact(Draft& draft, const std::vector<Redaction>& redactions);

} // namespace sealstream
