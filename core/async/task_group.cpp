#include "core/async/task_group.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"

#include <boost/asio/co_spawn.hpp>

namespace sealstream {

TaskGroup::~TaskGroup()
{
    SEAL_CHECK(running_ == 0, "a task group is idle before it is destroyed");
}

void TaskGroup::spawn(std::string name, Task<void> task, OnThrow on_throw)
{
    ++running_;
    ++names_[name];
    auto on_done = [this, name, on_throw](const std::exception_ptr& thrown) {
        if (thrown) {
            std::string what = "unknown exception";
            try {
                std::rethrow_exception(thrown);
            } catch (const std::exception& exception) {
                what = exception.what();
            } catch (...) {
                what = "not a std::exception";
            }
            log(Level::error, "task.threw", "async", {{"task", name}, {"what", what}});
            SEAL_CHECK(on_throw == OnThrow::log_and_continue, "a core loop never throws");
        }
        if (--names_[name] == 0) {
            names_.erase(name);
        }
        if (--running_ == 0) {
            idle_.notify_all();
        }
    };
    boost::asio::co_spawn(idle_.executor(), std::move(task), std::move(on_done));
}

Task<std::size_t> TaskGroup::wait_idle(std::chrono::nanoseconds longest)
{
    const auto deadline = std::chrono::steady_clock::now() + longest;
    while (running_ != 0) {
        const auto left = deadline - std::chrono::steady_clock::now();
        if (left <= std::chrono::nanoseconds::zero()) {
            for (const auto& [name, count] : names_) {
                log(Level::warn, "task.still_running", "async", {{"task", name}, {"count", count}});
            }
            break;
        }
        co_await idle_.wait_for(left);
    }
    co_return running_;
}

} // namespace sealstream
