#pragma once

// Finds and ends the children of a run that was killed. A pid alone may by now be somebody else's
// process, so the file also holds when ours began (in clock ticks since boot), and the boot's own
// id.

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

#include <filesystem>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace sealstream {

[[nodiscard]] Result<void> write_pid_file(const std::filesystem::path& file, pid_t pid);

// The process that the file names, when it is that very one and still runs.
[[nodiscard]] std::optional<pid_t> running_process(const std::filesystem::path& file);

// Ends it: `stop_signal`, and SIGKILL when it has not gone in `at_most`. Nothing to do is success.
//   unavailable   it does not go
[[nodiscard]] Result<void> end_stale_process(const std::filesystem::path& file, int stop_signal,
                                             milliseconds at_most);

// The 22nd field of /proc/<pid>/stat; the second may hold spaces and parentheses.
[[nodiscard]] std::optional<std::string_view> start_time_field(std::string_view stat_line);

} // namespace sealstream
