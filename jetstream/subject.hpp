#pragma once

// Where an event goes: one subject a stream. Pure.
//
//   ev.<ledger>.<stream type>.<token>
//
// The token is the stream's id where that is safe in a subject and short, else "~" and the SHA-256
// of the id in Base64 for URLs. The way back is the record, which names its stream.

#include "core/event/names.hpp"

#include <string>
#include <vector>

namespace sealstream::jetstream {

inline constexpr std::size_t plain_token_bytes_max = 64;

[[nodiscard]] std::string subject_of(std::string_view ledger, const StreamName& stream);
[[nodiscard]] std::string log_name(std::string_view ledger);     // EV_main
[[nodiscard]] std::string log_subjects(std::string_view ledger); // ev.main.>
// One subject for each stream type; all of the log without one.
[[nodiscard]] std::vector<std::string> subjects_of_types(std::string_view ledger,
                                                         const std::vector<std::string>& types);
[[nodiscard]] std::string audit_stream_name(std::string_view ledger); // AUDIT_main
[[nodiscard]] std::string audit_subject(std::string_view ledger);     // audit.main

} // namespace sealstream::jetstream
