#pragma once

// A server that speaks just enough of the NATS protocol to say how old it is: it greets, answers
// pings and $JS.API.INFO, and nothing else.

#include <atomic>
#include <string>
#include <thread>

namespace sealstream::testing {

class FakeNatsServer {
public:
    FakeNatsServer(std::string version, int api_level);
    ~FakeNatsServer();
    FakeNatsServer(const FakeNatsServer&) = delete;
    FakeNatsServer& operator=(const FakeNatsServer&) = delete;

    [[nodiscard]] std::string url() const { return "nats://127.0.0.1:" + std::to_string(port_); }

private:
    void serve();
    void talk(int socket) const;
    [[nodiscard]] std::string answer_to(const std::string& line, std::string& subscription) const;

    std::string version_;
    int api_level_;
    int listener_{-1};
    int port_{0};
    std::atomic<bool> is_stopping_{false};
    std::thread thread_;
};

} // namespace sealstream::testing
