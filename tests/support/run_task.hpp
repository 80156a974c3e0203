#pragma once

// Drives an io_context until a coroutine is done and hands out its value, so that assertions stay
// in plain functions.

#include "core/async/awaitable.hpp"
#include "core/base/check.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <optional>

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

} // namespace sealstream::testing
