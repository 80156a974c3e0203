#include "integration/support/free_port.hpp"

#include "integration/support/loopback.hpp"

#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace sealstream::testing {

namespace {

constexpr int first_port = 10'000;
constexpr int last_port = 32'000; // Linux gives outgoing connections 32768 and above
constexpr int tries_max = 1'000;

bool is_free(int port)
{
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const bool is_bound =
        ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    return is_bound;
}

} // namespace

int free_port()
{
    static std::mutex gate;
    static std::set<int> given;
    static std::mt19937 random{std::random_device{}()}; // other test runs shall take other ports
    const std::lock_guard lock{gate};
    std::uniform_int_distribution<int> ports{first_port, last_port};
    for (int tries = 0; tries < tries_max; ++tries) {
        const int port = ports(random);
        if (is_free(port) && given.insert(port).second) {
            return port;
        }
    }
    throw std::runtime_error{"no free port"};
}

} // namespace sealstream::testing
