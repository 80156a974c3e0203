#include "node/dev/folder_lock.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace sealstream {

namespace {

std::string holder_of(int descriptor)
{
    std::array<char, 32> text{};
    const auto size = pread(descriptor, text.data(), text.size(), 0);
    return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "unknown";
}

} // namespace

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder)
{
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    const auto file = folder / "lock";
    const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        return Error{Errc::unavailable,
                     "can not use " + file.string() + ": " + std::strerror(errno)};
    }
    FolderLock lock{descriptor};
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        return Error{Errc::conflict, folder.string() + " is in use by process " +
                                         holder_of(descriptor) +
                                         ": stop that one, or choose another --data folder"};
    }
    const std::string pid = std::to_string(getpid());
    if (ftruncate(descriptor, 0) != 0 ||
        pwrite(descriptor, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return Error{Errc::unavailable,
                     "can not write " + file.string() + ": " + std::strerror(errno)};
    }
    return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)}
{
}

FolderLock::~FolderLock()
{
    if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

} // namespace sealstream
