#pragma once

// Makes the syncs of servers that are started from now on take longer, by starting them under
// strace. It leaves all other system calls alone, so nothing else gets slower.

#include <filesystem>

namespace sealstream::bench {

class SlowSyncs {
public:
    [[nodiscard]] static bool is_possible();

    explicit SlowSyncs(int milliseconds);
    ~SlowSyncs();
    SlowSyncs(const SlowSyncs&) = delete;
    SlowSyncs& operator=(const SlowSyncs&) = delete;

private:
    std::filesystem::path folder_; // what stands for the servers' programs
};

} // namespace sealstream::bench
