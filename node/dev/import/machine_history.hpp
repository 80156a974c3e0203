#pragma once

// Real events to begin with: what dpkg did to this machine, and the history of a checkout.

#include "node/dev/import/imported_event.hpp"

#include <filesystem>

namespace sealstream {

struct MachineHistoryOptions {
    std::filesystem::path log_folder{"/var/log"};              // dpkg.log and its rotated forms
    std::filesystem::path status_file{"/var/lib/dpkg/status"}; // read when the log has little
    std::filesystem::path checkout{};                          // a git work tree; empty: none
    std::filesystem::path salt_file{};     // keeps the secret of the salts; made when missing
    std::size_t log_events_enough{2'000};  // with fewer, the status database is read too
    std::size_t events_max{20'000};        // the newest
    std::size_t input_bytes_max{64 << 20}; // of one file or of git's output
};

// Sorted by time. Reading the same again gives the same ids and drafts, so that an append of what
// is there already is a repeat. What this machine does not have (no dpkg, no git) is left out.
//   unavailable   the salt file can not be read or written
[[nodiscard]] Result<std::vector<ImportedEvent>>
read_machine_history(const MachineHistoryOptions& options);

} // namespace sealstream
