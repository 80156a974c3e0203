#pragma once

// What `sealstream doctor` finds. Each check is pure: facts in, a finding out. To add one: a
// function here, its facts gathered in doctor.cpp, a test.

#include "core/ports/event_log.hpp"
#include "jetstream/server_health.hpp"

#include <vector>

namespace sealstream::cli {

enum class CheckVerdict : std::uint8_t { ok, warn, fail };
[[nodiscard]] std::string_view name(CheckVerdict verdict) noexcept;

struct CheckFinding {
    std::string check; // "durability"
    CheckVerdict verdict{CheckVerdict::ok};
    std::string what;   // a sentence
    std::string remedy; // what to do; empty where nothing is
};

// Whether what is acknowledged survives. `is_claimed` is nats.synced.
[[nodiscard]] CheckFinding check_durability(const Durability& achieved, bool is_claimed);

// Whether one nats-server is well; `answer` is what its health page said, or that it did not.
[[nodiscard]] CheckFinding check_server(const std::string& url,
                                        const Result<jetstream::ServerHealth>& answer);

[[nodiscard]] CheckVerdict worst(const std::vector<CheckFinding>& findings) noexcept;
[[nodiscard]] std::string to_text(const std::vector<CheckFinding>& findings);
[[nodiscard]] std::string to_json(const std::vector<CheckFinding>& findings);

} // namespace sealstream::cli
