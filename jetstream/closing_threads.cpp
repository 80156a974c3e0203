#include "jetstream/closing_threads.hpp"

#include <mutex>
#include <thread>
#include <vector>

namespace sealstream::jetstream {

namespace {

class ClosingThreads {
public:
    ~ClosingThreads()
    {
        for (std::thread& thread : threads_) {
            thread.join();
        }
    }
    void close(ConnectionHandle connection)
    {
        const std::lock_guard lock{mutex_};
        threads_.emplace_back(
            [handle = std::move(connection)] { natsConnection_Close(handle.get()); });
    }

private:
    std::mutex mutex_;
    std::vector<std::thread> threads_;
};

} // namespace

void close_elsewhere(ConnectionHandle connection)
{
    static ClosingThreads threads; // joined when the process ends
    threads.close(std::move(connection));
}

} // namespace sealstream::jetstream
