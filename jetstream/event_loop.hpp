#pragma once

// Drives nats.c's socket from our io_context. Only sources of this folder include this.
//
// The library calls attach, read, write and detach with its connection lock held, from any of its
// threads; none of them calls back into it. We poll a duplicate of its socket, which survives the
// library's closing it, and a generation number tells what belongs to a socket that is gone.

#include "jetstream/message.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>

namespace sealstream::jetstream {

class EventLoop : public std::enable_shared_from_this<EventLoop> {
public:
    // `on_read` runs at home after the library has parsed what came in.
    [[nodiscard]] static std::shared_ptr<EventLoop> make(boost::asio::any_io_executor home,
                                                         std::function<void()> on_read);
    virtual ~EventLoop() = default;

    [[nodiscard]] virtual natsStatus attach_to(natsOptions* options) = 0;
    virtual void flush() = 0;   // writes what waits, at home
    virtual void hang_up() = 0; // as if the server had, at home: the library says that it is lost
    virtual void close() = 0;   // no callback and no event after it, at home
};

} // namespace sealstream::jetstream
