#include "node/feeds/head_watch.hpp"

namespace sealstream {

namespace {

constexpr std::chrono::seconds look_again{
    60}; // the notifier ends the wait; the log bounds the answer

} // namespace

Task<Result<Position>> HeadWatch::ask()
{
    const std::uint64_t fresh = begun_ + 1; // what is being asked now began before us
    while (answers_ < fresh) {
        if (is_asking_) {
            co_await answered_.wait_for(look_again);
            continue;
        }
        is_asking_ = true;
        const std::uint64_t number = ++begun_;
        auto head = co_await log_.head();
        latest_ = std::move(head);
        answers_ = number;
        is_asking_ = false;
        answered_.notify_all();
    }
    co_return latest_;
}

} // namespace sealstream
