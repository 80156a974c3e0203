#pragma once

// SEAL_CHECK(condition, "why it must hold"): a broken invariant is a bug, and stops the process in
// every build. Never used for input.

namespace sealstream {

[[noreturn]] void check_failed(const char* condition, const char* why, const char* file, int line);

} // namespace sealstream

#define SEAL_CHECK(condition, why)                                                                 \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            ::sealstream::check_failed(#condition, why, __FILE__, __LINE__);                       \
        }                                                                                          \
    } while (false)
