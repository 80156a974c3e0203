#include "core/base/check.hpp"

#include "core/base/log.hpp"

#include <boost/assert.hpp>

#include <cstdlib>

namespace sealstream {

void check_failed(const char* condition, const char* why, const char* file, int line)
{
    log(Level::error, "check.failed", "base",
        {{"condition", condition}, {"why", why}, {"file", file}, {"line", line}});
    std::abort();
}

} // namespace sealstream

// Boost's asserts (among them: reading a Result that holds an error) stop the process in release
// too.
namespace boost {

void assertion_failed(const char* expression, const char*, const char* file, long line)
{
    sealstream::check_failed(expression, "an assertion of Boost", file, static_cast<int>(line));
}

void assertion_failed_msg(const char* expression, const char* message, const char*,
                          const char* file, long line)
{
    sealstream::check_failed(expression, message, file, static_cast<int>(line));
}

} // namespace boost
