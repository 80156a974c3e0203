// A connection that is cut in the middle of a message spoils nothing of what comes after it.

#include "integration/support/loopback.hpp"
#include "jetstream/connection.hpp"
#include "jetstream/message.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <atomic>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace jetstream_cut_test {

using namespace sealstream;
using namespace sealstream::jetstream;
using Link = sealstream::jetstream::Connection; // not the one to Postgres

namespace {

// Speaks just enough of the protocol. On its first connection it answers a publish with `cut` and
// hangs up; on later ones with a whole message.
class CuttingServer {
public:
    explicit CuttingServer(std::string cut) : cut_{std::move(cut)}
    {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address = testing::loopback(0);
        socklen_t size = sizeof address;
        REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        REQUIRE(::listen(listener_, 8) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread{[this] { serve(); }};
    }
    ~CuttingServer()
    {
        ::shutdown(listener_, SHUT_RDWR);
        ::shutdown(current_.load(), SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    CuttingServer(const CuttingServer&) = delete;
    CuttingServer& operator=(const CuttingServer&) = delete;

    [[nodiscard]] std::string url() const { return "nats://127.0.0.1:" + std::to_string(port_); }

private:
    void serve()
    {
        for (int number = 1;; ++number) {
            const int client = ::accept(listener_, nullptr, nullptr);
            if (client < 0) {
                return;
            }
            current_.store(client);
            talk(client, number == 1);
            current_.store(-1);
            ::close(client);
        }
    }

    void talk(int client, bool is_first)
    {
        send(client, R"(INFO {"server_id":"F","version":"2.15.1","proto":1,"headers":true,)"
                     R"("max_payload":1048576})"
                     "\r\n");
        std::string sid = "1";
        std::string held;
        std::array<char, 4096> buffer{};
        for (ssize_t size = 0; (size = ::recv(client, buffer.data(), buffer.size(), 0)) > 0;) {
            held.append(buffer.data(), static_cast<std::size_t>(size));
            for (auto end = held.find("\r\n"); end != std::string::npos; end = held.find("\r\n")) {
                const std::string line = held.substr(0, end);
                held.erase(0, end + 2);
                if (line == "PING") {
                    send(client, "PONG\r\n");
                } else if (line.starts_with("SUB x ")) {
                    sid = line.substr(line.rfind(' ') + 1);
                } else if (line.starts_with("PUB go ") && is_first) {
                    send(client, "MSG x " + sid + cut_);
                    return;
                } else if (line.starts_with("PUB go ")) {
                    send(client, "MSG x " + sid + " 5\r\nwhole\r\n");
                }
            }
        }
    }

    static void send(int client, const std::string& text)
    {
        static_cast<void>(::send(client, text.data(), text.size(), MSG_NOSIGNAL));
    }

    std::string cut_;
    int listener_{-1};
    int port_{0};
    std::atomic<int> current_{-1};
    std::thread thread_;
};

} // namespace

TEST_CASE("after a cut in the middle of a message only whole ones arrive, on a new connection",
          "[jetstream][failure]")
{
    for (const char* const cut : {"", " 4", " 40\r", " 40\r\n", " 40\r\nabc", " 3\r\nabc"}) {
        INFO(cut);
        CuttingServer server{cut};
        boost::asio::io_context context{1};
        const auto work = boost::asio::make_work_guard(context); // while there is no connection
        ConnectionOptions options;
        options.url = server.url();
        options.reconnect_wait = std::chrono::milliseconds{20};
        auto opened = Link::open(options, context.get_executor());
        REQUIRE(opened);
        Link& connection = **opened;
        std::vector<std::string> arrived;
        const auto subscription = connection.subscribe(
            "x", [&](const Message& message) { arrived.emplace_back(message.data()); });
        REQUIRE(subscription);
        REQUIRE(connection.publish("go", {}, {}, "1"));

        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
        const auto is_late = [&] { return std::chrono::steady_clock::now() > deadline; };
        while (connection.reconnects() == 0 && !is_late()) {
            context.run_one_for(std::chrono::milliseconds{50});
        }
        while (arrived.size() < 3 && !is_late()) {
            static_cast<void>(connection.publish("go", {}, {}, "2"));
            context.run_for(std::chrono::milliseconds{20});
        }

        CHECK(connection.reconnects() == 1);
        REQUIRE(arrived.size() >= 3);
        for (const std::string& text : arrived) {
            CHECK(text == "whole");
        }
        connection.close();
        context.run_for(std::chrono::milliseconds{50});
    }
}

} // namespace jetstream_cut_test
