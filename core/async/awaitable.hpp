#pragma once

// The names that every coroutine uses.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sealstream {

namespace asio = boost::asio;

template <class T>
using Task = boost::asio::awaitable<T>;

// I/O errors come back as values: `auto [failure, size] = co_await socket.async_read_some(buffer,
// use_tuple);`
inline constexpr auto use_tuple = boost::asio::as_tuple(boost::asio::use_awaitable);

} // namespace sealstream
