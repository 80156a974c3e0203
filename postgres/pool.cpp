#include "postgres/pool.hpp"

#include "core/base/check.hpp"

namespace sealstream {

Pool::Lease::~Lease()
{
    if (connection_ != nullptr) {
        if (is_single_use_) {
            connection_.reset();
        }
        pool_->take_back(std::move(connection_));
    }
}

Pool::Pool(PostgresOptions options) : options_{std::move(options)} {}

Pool::~Pool()
{
    SEAL_CHECK(lent_ == 0, "the blocking pool is joined before the connections go");
}

Result<Pool::Lease> Pool::lend()
{
    {
        std::unique_lock lock{mutex_};
        const auto is_free = [this] { return lent_ < options_.connections_max; };
        if (!returned_.wait_for(lock, options_.lend_timeout, is_free)) {
            return Error{Errc::overloaded, "all connections to Postgres are busy"};
        }
        ++lent_;
        if (!idle_.empty()) {
            auto connection = std::move(idle_.back());
            idle_.pop_back();
            return Lease{*this, std::move(connection)};
        }
    }
    auto opened = Connection::open(options_);
    if (!opened) {
        take_back(nullptr);
        return opened.error();
    }
    return Lease{*this, *std::move(opened)};
}

void Pool::take_back(std::unique_ptr<Connection> connection) noexcept
{
    std::vector<std::unique_ptr<Connection>> stale; // closed outside the lock
    {
        const std::lock_guard lock{mutex_};
        --lent_;
        if (connection != nullptr && connection->is_broken()) {
            stale.swap(idle_); // what broke one has most likely broken the idle ones too
        } else if (connection != nullptr && connection->is_idle()) {
            idle_.push_back(std::move(connection));
        }
    }
    returned_.notify_one();
}

Pool::Counts Pool::counts() const
{
    const std::lock_guard lock{mutex_};
    return {lent_, idle_.size()};
}

} // namespace sealstream
