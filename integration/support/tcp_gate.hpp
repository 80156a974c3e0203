#pragma once

// A door between a client and a server on this machine that a test can shut: then connections break
// and new ones are turned away, until it opens again. Or it holds all bytes back, as a network that
// loses packets: both ends keep their connections, and what was sent arrives when it opens.

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace sealstream::testing {

class TcpGate {
public:
    explicit TcpGate(int server_port); // on 127.0.0.1; open
    ~TcpGate();
    TcpGate(const TcpGate&) = delete;
    TcpGate& operator=(const TcpGate&) = delete;

    [[nodiscard]] int port() const noexcept { return port_; }
    void shut();
    void hold();
    void open();

private:
    void serve();
    void carry(int client);
    [[nodiscard]] bool admit(int client, int server);
    [[nodiscard]] bool may_pass(); // waits while it holds; false once it is shut
    void part(int client, int server);

    const int server_port_;
    int port_{0};
    int listener_{-1};
    std::mutex mutex_;
    std::condition_variable opened_;
    enum class State { open, holding, shut } state_{State::open};
    std::set<int> sockets_; // of connections that are carried
    std::vector<std::thread> carriers_;
    std::thread server_;
};

} // namespace sealstream::testing
