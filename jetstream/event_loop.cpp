#include "jetstream/event_loop.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace sealstream::jetstream {

namespace {

// Since nats.c 3.9.2 the library leaves its socket to be closed by who polls it, when the polling
// has ended; an older one has no such function, and closes it itself.
template <typename Socket>
void close_for_library(Socket socket)
{
    if constexpr (requires { natsConnection_ProcessCloseEvent(&socket); }) {
        natsConnection_ProcessCloseEvent(&socket);
    }
}

// A socket that the library has given up. Closed with the handler that owns it, even one that never
// runs because its io_context is gone.
class GivenUpSocket {
public:
    explicit GivenUpSocket(natsSock socket) noexcept : socket_{socket} {}
    GivenUpSocket(GivenUpSocket&& other) noexcept : socket_{std::exchange(other.socket_, none)} {}
    GivenUpSocket(const GivenUpSocket&) = delete;
    ~GivenUpSocket()
    {
        if (socket_ != none) {
            close_for_library(socket_);
        }
    }

    static constexpr natsSock none{-1};

private:
    natsSock socket_;
};

class AsioEventLoop final : public EventLoop {
public:
    AsioEventLoop(boost::asio::any_io_executor home, std::function<void()> on_read)
        : home_{std::move(home)},
          on_read_{std::move(on_read)},
          socket_{std::in_place, home_}
    {
    }

    natsStatus attach_to(natsOptions* options) override
    {
        return natsOptions_SetEventLoop(options, this, &attach, &on_read_interest,
                                        &on_write_interest, &detach);
    }

    void flush() override
    {
        if (connection_ != nullptr && is_attached_) {
            natsConnection_ProcessWriteEvent(connection_);
        }
    }

    void hang_up() override
    {
        if (is_attached_) {
            ::shutdown(socket_->native_handle(), SHUT_RDWR);
        }
    }

    void close() override
    {
        const std::lock_guard lock{gate_};
        is_open_ = false;
        on_read_ = nullptr;
        is_attached_ = false;
        ++generation_;
        socket_.reset(); // the library may keep the rest for longer than the io_context lives
    }

private:
    // Called for the first socket, and again for each reconnect.
    static natsStatus attach(void** user_data, void* loop, natsConnection* connection,
                             natsSock socket)
    {
        auto& self = *static_cast<AsioEventLoop*>(loop);
        const std::lock_guard lock{self.gate_};
        const int duplicate = self.is_open_ ? ::dup(socket) : -1;
        if (duplicate < 0) {
            return NATS_SYS_ERROR;
        }
        // The library keeps a reference until detach().
        if (*user_data == nullptr) {
            *user_data = new std::shared_ptr<EventLoop>{self.shared_from_this()};
        }
        self.library_socket_ = socket;
        boost::asio::post(self.home_, [kept = self.shared_from_this(), &self, connection,
                                       duplicate] { self.begin(connection, duplicate); });
        return NATS_OK;
    }

    static natsStatus on_read_interest(void* user_data, bool add)
    {
        if (!add) {
            auto kept = *static_cast<std::shared_ptr<EventLoop>*>(user_data);
            auto& self = static_cast<AsioEventLoop&>(*kept);
            const std::lock_guard lock{self.gate_};
            GivenUpSocket given_up{std::exchange(self.library_socket_, GivenUpSocket::none)};
            if (self.is_open_) {
                // At home nobody reads from it any more, so its number may be used again.
                boost::asio::post(self.home_, [kept = std::move(kept), &self,
                                               given_up = std::move(given_up)] { self.end(); });
            }
        }
        return NATS_OK;
    }

    static natsStatus on_write_interest(void* user_data, bool add)
    {
        auto kept = *static_cast<std::shared_ptr<EventLoop>*>(user_data);
        auto& self = static_cast<AsioEventLoop&>(*kept);
        self.wants_write_.store(add);
        // One write for all that is published until the loop comes round to it.
        if (!add || self.is_write_posted_.exchange(true)) {
            return NATS_OK;
        }
        const std::lock_guard lock{self.gate_};
        if (self.is_open_) {
            boost::asio::post(self.home_, [kept = std::move(kept), &self] {
                self.is_write_posted_.store(false);
                self.write();
            });
        }
        return NATS_OK;
    }

    static natsStatus detach(void* user_data)
    {
        delete static_cast<std::shared_ptr<EventLoop>*>(user_data);
        return NATS_OK;
    }

    void begin(natsConnection* connection, int duplicate)
    {
        if (!is_open_) {
            ::close(duplicate);
            return;
        }
        ++generation_;
        drop_socket();
        connection_ = connection;
        is_attached_ = true;
        socket_->assign(duplicate);
        wait_readable();
        write();
    }

    void end()
    {
        if (is_open_) {
            is_attached_ = false;
            ++generation_;
            drop_socket();
        }
    }

    void drop_socket()
    {
        boost::system::error_code ignored;
        socket_->close(ignored);
    }

    void wait_readable()
    {
        socket_->async_wait(
            boost::asio::posix::descriptor_base::wait_read,
            [kept = shared_from_this(), this, generation = generation_](boost::system::error_code) {
                if (generation != generation_) {
                    return;
                }
                natsConnection_ProcessReadEvent(connection_); // notices a broken socket, too
                const auto on_read = on_read_;                // a copy: it may close us
                if (on_read) {
                    on_read();
                }
                if (generation == generation_) {
                    wait_readable();
                }
            });
    }

    void write()
    {
        if (!is_attached_ || !wants_write_.load()) {
            return;
        }
        natsConnection_ProcessWriteEvent(connection_);
        if (!wants_write_.load() || std::exchange(is_waiting_to_write_, true)) {
            return;
        }
        socket_->async_wait(
            boost::asio::posix::descriptor_base::wait_write,
            [kept = shared_from_this(), this, generation = generation_](boost::system::error_code) {
                is_waiting_to_write_ = false;
                if (generation == generation_) {
                    write();
                }
            });
    }

    boost::asio::any_io_executor home_;
    std::function<void()> on_read_;
    std::optional<boost::asio::posix::stream_descriptor> socket_;
    std::mutex gate_; // between close() and the library's threads
    bool is_open_{true};
    natsSock library_socket_{GivenUpSocket::none}; // what the library calls attach() with
    natsConnection* connection_{nullptr};
    std::uint64_t generation_{0};
    bool is_attached_{false};
    bool is_waiting_to_write_{false};
    std::atomic<bool> wants_write_{false};
    std::atomic<bool> is_write_posted_{false};
};

} // namespace

std::shared_ptr<EventLoop> EventLoop::make(boost::asio::any_io_executor home,
                                           std::function<void()> on_read)
{
    return std::make_shared<AsioEventLoop>(std::move(home), std::move(on_read));
}

} // namespace sealstream::jetstream
