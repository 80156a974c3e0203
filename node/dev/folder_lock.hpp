#pragma once

// One run at a time on one data folder. The lock is the kernel's (flock), so a killed run leaves
// none.

#include "core/base/result.hpp"

#include <filesystem>

namespace sealstream {

class FolderLock {
public:
    // Makes the folder when it is not there.
    //   conflict      another process uses it; the context names the process
    //   unavailable   the folder can not be made or written
    [[nodiscard]] static Result<FolderLock> take(const std::filesystem::path& folder);

    FolderLock(FolderLock&& other) noexcept;
    FolderLock& operator=(FolderLock&&) = delete;
    ~FolderLock();

private:
    explicit FolderLock(int descriptor) : descriptor_{descriptor} {}
    int descriptor_;
};

} // namespace sealstream
