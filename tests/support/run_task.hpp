#pragma once

// Drives an io_context until a coroutine is done and hands out its value, so that assertions stay
// in plain functions.

#include "core/async/awaitable.hpp"
#include "core/base/check.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <optional>
#include <vector>

namespace sealstream::testing {

template <class T>
T run_task(boost::asio::io_context& context, Task<T> task)
{
    std::optional<T> value;
    bool is_done = false;
    boost::asio::co_spawn(context, std::move(task),
                          [&](const std::exception_ptr& thrown, T outcome) {
                              if (thrown) {
                                  std::rethrow_exception(thrown);
                              }
                              value.emplace(std::move(outcome));
                              is_done = true;
                          });
    context.restart();
    while (!is_done && context.run_one() != 0) {
    }
    SEAL_CHECK(is_done, "the task ends before the context runs out of work");
    return std::move(*value);
}

inline void run_task(boost::asio::io_context& context, Task<void> task)
{
    bool is_done = false;
    boost::asio::co_spawn(context, std::move(task), [&](const std::exception_ptr& thrown) {
        if (thrown) {
            std::rethrow_exception(thrown);
        }
        is_done = true;
    });
    context.restart();
    while (!is_done && context.run_one() != 0) {
    }
    SEAL_CHECK(is_done, "the task ends before the context runs out of work");
}

// Runs tasks at the same time, until all are done; their values in the order of the tasks.
template <class T>
std::vector<T> run_tasks(boost::asio::io_context& context, std::vector<Task<T>> tasks)
{
    std::vector<std::optional<T>> values(tasks.size());
    std::size_t running = tasks.size();
    for (std::size_t at = 0; at < tasks.size(); ++at) {
        boost::asio::co_spawn(context, std::move(tasks[at]),
                              [&values, &running, at](const std::exception_ptr& thrown, T outcome) {
                                  if (thrown) {
                                      std::rethrow_exception(thrown);
                                  }
                                  values[at].emplace(std::move(outcome));
                                  --running;
                              });
    }
    context.restart();
    while (running != 0 && context.run_one() != 0) {
    }
    SEAL_CHECK(running == 0, "the tasks end before the context runs out of work");
    std::vector<T> all;
    all.reserve(values.size());
    for (auto& value : values) {
        all.push_back(std::move(*value));
    }
    return all;
}

} // namespace sealstream::testing
