#include "jetstream/closing_threads.hpp"

#include <atomic>
#include <list>
#include <mutex>
#include <thread>

namespace sealstream::jetstream {

namespace {

class ClosingThreads {
public:
    ~ClosingThreads()
    {
        for (Closing& closing : closings_) {
            closing.thread.join();
        }
    }
    void close(ConnectionHandle connection)
    {
        const std::lock_guard lock{mutex_};
        join_ended();
        Closing& closing = closings_.emplace_back();
        closing.thread = std::thread{[&closing, handle = std::move(connection)]() mutable {
            natsConnection_Close(handle.get());
            handle.reset();
            closing.has_ended.store(true);
        }};
    }

private:
    struct Closing {
        std::thread thread;
        std::atomic<bool> has_ended{false};
    };

    // A thread that has ended keeps its stack until it is joined, and a node that waits for its
    // servers opens and closes for as long as they are away.
    void join_ended()
    {
        for (auto closing = closings_.begin(); closing != closings_.end();) {
            if (closing->has_ended.load()) {
                closing->thread.join();
                closing = closings_.erase(closing);
            } else {
                ++closing;
            }
        }
    }

    std::mutex mutex_;
    std::list<Closing> closings_;
};

} // namespace

void close_elsewhere(ConnectionHandle connection)
{
    static ClosingThreads threads; // joined when the process ends
    threads.close(std::move(connection));
}

} // namespace sealstream::jetstream
