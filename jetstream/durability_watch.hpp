#pragma once

// How an acknowledged append is held: copies, and whether each server syncs every write. Both can
// change while we run (a server restarted with another configuration, an administrator), so it is
// looked at again after every reconnect, when a server is silent, and from time to time, beside the
// append path. What is wrong with a server by its own word is logged on the way.

#include "core/ports/event_log.hpp"
#include "jetstream/connection.hpp"
#include "jetstream/sync_mode.hpp"

#include <functional>
#include <map>
#include <optional>

namespace sealstream::jetstream {

// What one look makes of what was known before (nothing at the first). `modes` is what each server
// says, or nothing where one does not answer; `is_told_synced` is what our settings say. A server
// that does not answer leaves what it said last, but then nothing is confirmed. Pure.
[[nodiscard]] Durability judge(const std::optional<Durability>& before, int replicas,
                               bool is_told_synced, std::span<const std::optional<SyncMode>> modes);

class DurabilityWatch {
public:
    DurabilityWatch(Connection& connection, EventLogOptions options,
                    boost::asio::any_io_executor home);

    [[nodiscard]] Task<void> look(); // once, with the copies that the settings name
    // Looks again and again until close(), tells `on_change` what has become otherwise.
    [[nodiscard]] Task<void> run(std::function<void(const Durability&)> on_change);
    void look_soon() noexcept;
    void close() noexcept;

    [[nodiscard]] const Durability& known() const noexcept { return *known_; } // after look()

private:
    [[nodiscard]] Task<int> ask_replicas();
    [[nodiscard]] Task<void> look_at(int replicas);
    [[nodiscard]] Task<void> look_at_health(std::string url, std::chrono::milliseconds timeout);

    Connection& connection_;
    EventLogOptions options_;
    boost::asio::any_io_executor home_;
    std::vector<std::string> urls_;
    std::optional<Durability> known_;
    std::map<std::string, std::string, std::less<>> troubles_; // of each server, as it said last
    Notifier wake_;
    bool is_closed_{false};
    bool is_wanted_{false};
};

} // namespace sealstream::jetstream
