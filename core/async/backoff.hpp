#pragma once

// How long to wait before the next try: doubles from `first` to `longest`, with jitter, so that
// many who failed together do not come back together.

#include <chrono>
#include <cstdint>

namespace sealstream {

struct BackoffOptions {
    std::chrono::milliseconds first{20};
    std::chrono::milliseconds longest{2000};
};

class Backoff {
public:
    explicit Backoff(BackoffOptions options, std::uint64_t seed = 0x9e3779b97f4a7c15)
        : options_{options},
          state_{seed | 1}
    {
    }

    // Between half and all of the doubled wait.
    [[nodiscard]] std::chrono::milliseconds next();
    // The wait after so many tries.
    [[nodiscard]] std::chrono::milliseconds after(unsigned tries)
    {
        tries_ = tries;
        return next();
    }
    void reset() noexcept { tries_ = 0; }
    [[nodiscard]] unsigned tries() const noexcept { return tries_; }

private:
    BackoffOptions options_;
    std::uint64_t state_;
    unsigned tries_{0};
};

} // namespace sealstream
