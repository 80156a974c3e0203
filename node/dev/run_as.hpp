#pragma once

// Running a child as another user. Postgres refuses to run as root, so root starts it as
// `postgres`.
//
// A checkout may sit in a folder that only root can enter. Its data shall stay inside all the same,
// so such a child keeps one capability: to pass and read folders (CAP_DAC_READ_SEARCH, or
// CAP_DAC_OVERRIDE where a container has only that). It is given only when the folder demands it.

#include "core/base/result.hpp"

#include <filesystem>
#include <optional>
#include <sys/types.h>
#include <vector>

namespace sealstream {

struct RunAs {
    uid_t user{};
    gid_t group{};
    std::vector<gid_t> groups{};
    std::optional<int> kept_capability{};
};

// What a child that must not be root runs as: nothing when we are not root ourselves, else
// `user_name`, with what it takes to reach `folder`.
//   unsupported   no such user, or it can not reach the folder and we have no capability to give
[[nodiscard]] Result<std::optional<RunAs>> run_as_for(const std::string& user_name,
                                                      const std::filesystem::path& folder);

// Whether each folder above `folder`, and it itself, lets this user pass.
[[nodiscard]] bool can_reach(const RunAs& identity, const std::filesystem::path& folder);

// Gives `folder` and all in it to the user.
[[nodiscard]] Result<void> give_to(const RunAs& identity, const std::filesystem::path& folder);

// Becomes that user; between fork and exec, so only system calls. Returns 0 or the errno.
[[nodiscard]] int become(const RunAs& identity) noexcept;

} // namespace sealstream
