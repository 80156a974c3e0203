#pragma once

// A verification's report, for people and for programs.

#include "audit/verify_report.hpp"

#include <string>

namespace sealstream::cli {

[[nodiscard]] std::string to_text(const VerifyReport& report, double seconds);
[[nodiscard]] std::string to_json(const VerifyReport& report); // one line, without the line feed
[[nodiscard]] int exit_code(Verdict verdict);

} // namespace sealstream::cli
