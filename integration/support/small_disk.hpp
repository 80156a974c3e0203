#pragma once

// A file system in memory of a stated size, mounted on a folder until the object is gone: a disk
// that really gets full. Linux; needs the right to mount.

#include <cstdint>
#include <filesystem>

namespace sealstream::testing {

class SmallDisk {
public:
    // False: print a line that starts with "SKIPPED:" and end the test.
    [[nodiscard]] static bool is_possible();

    // Throws std::runtime_error when it can not be mounted.
    SmallDisk(std::filesystem::path folder, std::uint64_t bytes);
    ~SmallDisk();
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    void resize(std::uint64_t bytes) const;

private:
    std::filesystem::path folder_;
};

} // namespace sealstream::testing
