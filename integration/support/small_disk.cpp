#include "integration/support/small_disk.hpp"

#include <cerrno>
#include <stdexcept>
#include <string>
#include <sys/mount.h>
#include <system_error>
#include <unistd.h>

namespace sealstream::testing {

namespace {

namespace fs = std::filesystem;

int mount_on(const fs::path& folder, std::uint64_t bytes, unsigned long flags)
{
    const std::string size = "size=" + std::to_string(bytes);
    return ::mount("tmpfs", folder.c_str(), "tmpfs", flags, size.c_str());
}

std::runtime_error refused(const fs::path& folder)
{
    return std::runtime_error{"mounting on " + folder.string() + ": " +
                              std::generic_category().message(errno)};
}

} // namespace

bool SmallDisk::is_possible()
{
    std::string name = (fs::temp_directory_path() / "sealstream-mount-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        return false;
    }
    const bool is_mounted = mount_on(name, 1 << 20, 0) == 0;
    if (is_mounted) {
        ::umount2(name.c_str(), MNT_DETACH);
    }
    ::rmdir(name.c_str());
    return is_mounted;
}

SmallDisk::SmallDisk(fs::path folder, std::uint64_t bytes) : folder_{std::move(folder)}
{
    if (mount_on(folder_, bytes, 0) != 0) {
        throw refused(folder_);
    }
}

SmallDisk::~SmallDisk()
{
    ::umount2(folder_.c_str(), MNT_DETACH);
}

void SmallDisk::resize(std::uint64_t bytes) const
{
    if (mount_on(folder_, bytes, MS_REMOUNT) != 0) {
        throw refused(folder_);
    }
}

} // namespace sealstream::testing
