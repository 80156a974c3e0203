#include "jetstream/durability_watch.hpp"

#include "core/base/log.hpp"
#include "jetstream/monitor_page.hpp"
#include "jetstream/server_health.hpp"
#include "jetstream/stream_admin.hpp"
#include "jetstream/subject.hpp"

#include <algorithm>

namespace sealstream::jetstream {

namespace {

constexpr std::chrono::milliseconds look_timeout{2'000}; // of one server's answer

bool is_same(const Durability& one, const Durability& other)
{
    return one.name == other.name && one.is_confirmed == other.is_confirmed &&
           one.sync_interval == other.sync_interval;
}

} // namespace

// Of all servers, because any of them may hold a copy: synced only if each one syncs every write.
Durability judge(const std::optional<Durability>& before, int replicas, bool is_told_synced,
                 std::span<const std::optional<SyncMode>> modes)
{
    Durability now;
    now.replicas = replicas;
    now.is_confirmed = !modes.empty();
    bool is_one_lazy = false;
    for (const auto& mode : modes) {
        now.is_confirmed = now.is_confirmed && mode.has_value();
        is_one_lazy = is_one_lazy || (mode && !mode->is_always);
        now.sync_interval = std::max(now.sync_interval, mode ? mode->interval : now.sync_interval);
    }
    const bool was_synced = before && !modes.empty() ? before->is_synced : is_told_synced;
    now.is_synced = !is_one_lazy && (now.is_confirmed || was_synced);
    now.name = "jetstream-r" + std::to_string(replicas) + (now.is_synced ? "-synced" : "-lazy");
    return now;
}

DurabilityWatch::DurabilityWatch(Connection& connection, EventLogOptions options,
                                 boost::asio::any_io_executor home)
    : connection_{connection},
      options_{std::move(options)},
      home_{home},
      urls_{split_monitor_urls(options_.monitor_urls)},
      wake_{std::move(home)}
{
}

Task<void> DurabilityWatch::look()
{
    co_await look_at(options_.replicas);
    if (known_->is_confirmed && known_->is_synced != options_.is_synced) {
        log(Level::warn, "log.durability_differs", "jetstream",
            {{"nats.synced", options_.is_synced}, {"server", known_->is_synced}});
    }
}

Task<void> DurabilityWatch::look_at(int replicas)
{
    std::vector<std::optional<SyncMode>> modes;
    std::string why;
    for (const std::string& url : urls_) {
        const auto timeout = std::min(look_timeout, options_.request_timeout);
        const auto mode = co_await read_sync_mode(url, home_, timeout);
        modes.push_back(mode ? std::optional{*mode} : std::nullopt);
        why = mode ? why : describe(mode.error());
        // Who answered the one page answers the other; who did not is not waited for twice.
        if (mode || mode.error().code != Errc::unavailable) {
            co_await look_at_health(url, timeout);
        }
    }
    if (!why.empty() && (!known_ || known_->is_confirmed)) {
        log(Level::warn, "log.durability_unknown", "jetstream", {{"why", why}});
    }
    known_ = judge(known_, replicas, options_.is_synced, modes);
}

Task<void> DurabilityWatch::look_at_health(std::string url, std::chrono::milliseconds timeout)
{
    const auto health = co_await read_server_health(url, home_, timeout);
    std::string& before = troubles_[url];
    if (!health || health->trouble == before) {
        co_return;
    }
    before = health->trouble;
    if (health->is_well) {
        log(Level::info, "nats.server_well", "jetstream", {{"server", url}});
    } else {
        log(Level::warn, "nats.server_unwell", "jetstream",
            {{"server", url}, {"trouble", health->trouble}, {"remedy", health->remedy}});
    }
}

Task<int> DurabilityWatch::ask_replicas()
{
    const auto state =
        co_await stream_state(connection_, log_name(options_.ledger), options_.request_timeout);
    co_return state && state->replicas > 0 ? state->replicas : known_->replicas;
}

Task<void> DurabilityWatch::run(std::function<void(const Durability&)> on_change)
{
    bool is_sure = known_->is_confirmed || urls_.empty();
    while (!is_closed_) {
        if (!std::exchange(is_wanted_, false)) {
            co_await wake_.wait_for(is_sure ? options_.durability_interval
                                            : options_.durability_retry);
            is_wanted_ = false;
        }
        if (is_closed_) {
            co_return;
        }
        const Durability before = *known_;
        const int replicas = co_await ask_replicas();
        if (is_closed_) {
            co_return;
        }
        co_await look_at(replicas);
        is_sure = known_->is_confirmed || urls_.empty();
        if (!is_same(before, *known_)) {
            log(Level::warn, "log.durability_changed", "jetstream",
                {{"from", before.name},
                 {"to", known_->name},
                 {"is_confirmed", known_->is_confirmed}});
            on_change(*known_);
        }
    }
}

void DurabilityWatch::look_soon() noexcept
{
    is_wanted_ = true;
    wake_.notify_all();
}

void DurabilityWatch::close() noexcept
{
    is_closed_ = true;
    wake_.notify_all();
}

} // namespace sealstream::jetstream
