#include "node/dev/run_as.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sealstream {

namespace {

constexpr int groups_max = 64;
using CapabilitySets = std::array<__user_cap_data_struct, 2>;

int read_capabilities(CapabilitySets& sets) noexcept
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    return syscall(SYS_capget, &header, sets.data()) == 0 ? 0 : errno;
}

std::optional<int> capability_to_give()
{
    CapabilitySets sets{};
    if (read_capabilities(sets) != 0) {
        return std::nullopt;
    }
    for (const int candidate : {CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE}) {
        if ((sets[0].permitted & (1U << candidate)) != 0) {
            return candidate;
        }
    }
    return std::nullopt;
}

bool may_pass(const RunAs& identity, const struct stat& folder)
{
    if (folder.st_uid == identity.user) {
        return (folder.st_mode & S_IXUSR) != 0;
    }
    const bool is_in_group =
        folder.st_gid == identity.group || std::find(identity.groups.begin(), identity.groups.end(),
                                                     folder.st_gid) != identity.groups.end();
    return (folder.st_mode & (is_in_group ? S_IXGRP : S_IXOTH)) != 0;
}

int keep_capability(int capability) noexcept
{
    const std::uint32_t bit = 1U << capability;
    CapabilitySets sets{};
    sets[0].permitted = sets[0].effective = sets[0].inheritable = bit;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    if (syscall(SYS_capset, &header, sets.data()) != 0) {
        return errno;
    }
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0 ? 0 : errno;
}

} // namespace

Result<std::optional<RunAs>> run_as_for(const std::string& user_name,
                                        const std::filesystem::path& folder)
{
    if (geteuid() != 0) {
        return std::optional<RunAs>{};
    }
    const passwd* user = getpwnam(user_name.c_str());
    if (user == nullptr) {
        return Error{Errc::unsupported,
                     "there is no user " + user_name + " to run as, and root is refused"};
    }
    RunAs identity{user->pw_uid, user->pw_gid, {}, std::nullopt};
    int count = groups_max;
    identity.groups.resize(groups_max);
    if (getgrouplist(user_name.c_str(), user->pw_gid, identity.groups.data(), &count) < 0) {
        count = groups_max;
    }
    identity.groups.resize(static_cast<std::size_t>(count));

    if (!can_reach(identity, folder)) {
        identity.kept_capability = capability_to_give();
        if (!identity.kept_capability) {
            return Error{Errc::unsupported, "user " + user_name + " may not enter " +
                                                folder.string() +
                                                ": use a data folder that it can reach"};
        }
    }
    return std::optional<RunAs>{std::move(identity)};
}

bool can_reach(const RunAs& identity, const std::filesystem::path& folder)
{
    std::error_code ignored;
    for (auto at = std::filesystem::absolute(folder, ignored);; at = at.parent_path()) {
        struct stat found {};
        if (stat(at.c_str(), &found) == 0 && !may_pass(identity, found)) {
            return false;
        }
        if (at == at.parent_path()) {
            return true;
        }
    }
}

Result<void> give_to(const RunAs& identity, const std::filesystem::path& folder)
{
    const auto give = [&identity](const std::filesystem::path& path) {
        return lchown(path.c_str(), identity.user, identity.group) == 0;
    };
    std::error_code failed;
    bool is_given = give(folder);
    for (auto entry = std::filesystem::recursive_directory_iterator{folder, failed};
         !failed && entry != std::filesystem::recursive_directory_iterator{};
         entry.increment(failed)) {
        is_given = give(entry->path()) && is_given;
    }
    if (failed || !is_given) {
        return Error{Errc::unavailable, "can not give " + folder.string() + " to the user that " +
                                            "runs the server: " + std::strerror(errno)};
    }
    return {};
}

int become(const RunAs& identity) noexcept
{
    if (identity.kept_capability && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) {
        return errno;
    }
    if (setgroups(identity.groups.size(), identity.groups.data()) != 0 ||
        setgid(identity.group) != 0 || setuid(identity.user) != 0) {
        return errno;
    }
    return identity.kept_capability ? keep_capability(*identity.kept_capability) : 0;
}

} // namespace sealstream
