#pragma once

// Clients that append over HTTP and trust nothing but answers: several connections, single events
// and arrays, with and without a condition, all with ids of their own. What has no answer, or a
// retryable one, is repeated under the same ids, at whichever node answers, until it is known.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace sealstream::testing {

struct AppenderOptions {
    std::vector<int> ports;
    std::size_t connections{4};
    std::size_t streams{12};
    std::size_t array_events_max{20};
    bool has_materials{false};          // deals are appended to with an event of the pack `deals`
    std::chrono::milliseconds pause{3}; // between two requests of a connection
    bool is_reconnecting{true};         // false: a connection that the node closes is not replaced
    std::uint64_t seed{1};
};

struct AcknowledgedEvent {
    std::string id;
    std::string stream;
    std::uint64_t position{0};
    std::uint64_t version{0};
};

// What must be in the log, and what must not.
struct AppendedByClients {
    std::vector<AcknowledgedEvent> acknowledged;
    std::vector<std::string> refused;    // ids of requests that were answered with 412
    std::vector<std::string> unexpected; // answers that no honest client should get
    std::size_t repeated{0};             // requests that were sent more than once
    std::size_t unanswered{0};           // sent, and the connection ended without an answer
    std::map<int, std::size_t> statuses;
};

class AppenderClient {
public:
    explicit AppenderClient(AppenderOptions options);
    ~AppenderClient();
    AppenderClient(const AppenderClient&) = delete;
    AppenderClient& operator=(const AppenderClient&) = delete;

    [[nodiscard]] std::size_t acknowledged_count() const;

    // False when it takes longer.
    [[nodiscard]] bool wait_for_more(std::size_t events, std::chrono::seconds longest) const;

    // No new requests; returns when everything that was begun is known. What is still unknown after
    // `longest` is an unexpected answer.
    [[nodiscard]] AppendedByClients finish(std::chrono::seconds longest = std::chrono::seconds{60});

private:
    class Worker;
    void record(const AppendedByClients& news);

    AppenderOptions options_;
    mutable std::mutex gate_;
    AppendedByClients all_;
    std::atomic<bool> is_finishing_{false};
    std::atomic<std::chrono::steady_clock::time_point> give_up_at_{
        std::chrono::steady_clock::time_point::max()};
    std::vector<std::thread> threads_;
};

} // namespace sealstream::testing
