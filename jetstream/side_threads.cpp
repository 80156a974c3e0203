#include "jetstream/side_threads.hpp"

#include <atomic>
#include <list>
#include <mutex>
#include <thread>

namespace sealstream::jetstream {

namespace {

class SideThreads {
public:
    ~SideThreads()
    {
        for (Running& one : running_) {
            one.thread.join();
        }
    }
    void run(std::function<void()> work)
    {
        const std::lock_guard lock{mutex_};
        join_ended();
        Running& one = running_.emplace_back();
        one.thread = std::thread{[&one, work = std::move(work)]() mutable {
            work();
            work = nullptr;
            one.has_ended.store(true);
        }};
    }

private:
    struct Running {
        std::thread thread;
        std::atomic<bool> has_ended{false};
    };

    // A thread that has ended keeps its stack until it is joined, and a node that waits for its
    // servers opens and closes for as long as they are away.
    void join_ended()
    {
        for (auto closing = running_.begin(); closing != running_.end();) {
            if (closing->has_ended.load()) {
                closing->thread.join();
                closing = running_.erase(closing);
            } else {
                ++closing;
            }
        }
    }

    std::mutex mutex_;
    std::list<Running> running_;
};

} // namespace

void run_aside(std::function<void()> work)
{
    static SideThreads threads; // joined when the process ends
    threads.run(std::move(work));
}

void close_aside(ConnectionHandle connection)
{
    if (connection == nullptr) {
        return;
    }
    auto kept = std::make_shared<ConnectionHandle>(std::move(connection));
    run_aside([kept = std::move(kept)]() mutable {
        natsConnection_Close(kept->get());
        kept.reset();
    });
}

} // namespace sealstream::jetstream
