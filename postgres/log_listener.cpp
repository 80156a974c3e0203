#include "postgres/log_listener.hpp"

#include "core/async/backoff.hpp"
#include "core/base/log.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <unistd.h>

namespace sealstream {

namespace {

constexpr BackoffOptions reconnect_pause{std::chrono::milliseconds{100},
                                         std::chrono::milliseconds{5'000}};

Result<std::unique_ptr<Connection>> open_listening(const PostgresOptions& options)
{
    SEAL_TRY(connection, Connection::open(options));
    const auto listening = connection->run_script(std::string{"LISTEN "} + log_channel);
    if (!listening) {
        return listening.error();
    }
    return connection;
}

} // namespace

struct LogListener::Wait {
    boost::asio::posix::stream_descriptor socket;
};

LogListener::LogListener(LogContext& context) : context_{context} {}
LogListener::~LogListener() = default;

void LogListener::start()
{
    if (!is_started_ && !context_.is_closed) {
        is_started_ = true;
        context_.tasks.spawn("postgres log listener", run());
    }
}

void LogListener::close() noexcept
{
    if (wait_ != nullptr) {
        boost::system::error_code ignored;
        wait_->socket.cancel(ignored);
    }
}

Task<void> LogListener::run()
{
    Backoff backoff{reconnect_pause};
    while (!context_.is_closed) {
        const auto ended = co_await listen_until_broken();
        if (context_.is_closed) {
            break;
        }
        if (!ended) {
            log(Level::warn, "postgres.listener_broken", "postgres",
                {{"reason", ended.error().context}});
        } else {
            backoff.reset(); // it had worked
        }
        co_await context_.appended.wait_for(backoff.next());
    }
}

Task<Result<void>> LogListener::listen_until_broken()
{
    auto job = [&options = context_.pool.options()] { return open_listening(options); };
    SEAL_CO_TRY(connection, co_await context_.threads.run(std::move(job)));

    const int own_socket = ::dup(connection->socket()); // libpq closes its own, Asio this one
    if (own_socket < 0) {
        co_return Error{Errc::unavailable, "no file descriptor is left for the log's listener"};
    }
    Wait wait{boost::asio::posix::stream_descriptor{context_.appended.executor(), own_socket}};
    context_.appended.notify_all(); // what was appended before we listened
    while (!context_.is_closed) {
        const auto taken = connection->take_notifications();
        if (!taken) {
            break;
        }
        if (*taken != 0) {
            context_.appended.notify_all();
        }
        wait_ = &wait;
        const auto [failure] = co_await wait.socket.async_wait(
            boost::asio::posix::descriptor_base::wait_read, use_tuple);
        wait_ = nullptr;
        if (failure) {
            break;
        }
    }
    co_return Result<void>{};
}

} // namespace sealstream
