#pragma once

// Private nats-servers for tests: own data folders, free ports on 127.0.0.1, gone when the object
// is. What goes wrong here is thrown as std::runtime_error with the server's last log lines: the
// test fails.

#include "integration/support/small_disk.hpp"
#include "integration/support/tcp_gate.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace sealstream::testing {

struct NatsOptions {
    int servers{1};               // three make a cluster
    bool is_synced{false};        // sync_interval: always
    std::string max_store{"4GB"}; // of one server
    std::string more_settings{};  // as in its configuration file
    bool can_part{false};         // servers reach each other through gates: see isolate()
    std::uint64_t disk_bytes{0};  // of each server's own SmallDisk; 0: the temporary folder's disk
};

// How a network parts servers.
enum class Partition {
    cut,    // connections break, new ones are turned away
    silent, // nothing comes through, and what was sent comes late
};

class NatsServers {
public:
    // False: print a line that starts with "SKIPPED:" and end the test.
    [[nodiscard]] static bool is_installed();
    [[nodiscard]] static std::string binary(); // SEALSTREAM_NATS_SERVER, else on PATH

    explicit NatsServers(NatsOptions options = {});
    ~NatsServers();
    NatsServers(const NatsServers&) = delete;
    NatsServers& operator=(const NatsServers&) = delete;

    [[nodiscard]] std::string url() const; // of all, separated by commas
    [[nodiscard]] std::string url(std::size_t server) const;
    [[nodiscard]] std::size_t count() const noexcept { return servers_.size(); }
    [[nodiscard]] std::filesystem::path data_folder(std::size_t server = 0) const;

    void kill(std::size_t server = 0);  // SIGKILL
    void pause(std::size_t server = 0); // SIGSTOP
    void resume(std::size_t server = 0);
    void stop(std::size_t server = 0);  // in good order
    void start(std::size_t server = 0); // after kill() or stop(); returns when it listens

    // Parts one server from the others, not from its clients, until rejoin(). Needs can_part.
    void isolate(std::size_t server, Partition how);
    void rejoin();

    // Returns when a cluster has elected who manages its streams; at once for one server.
    void wait_for_quorum() const;

    void resize_disk(std::size_t server, std::uint64_t bytes) const; // needs disk_bytes

    [[nodiscard]] std::string monitor_url(std::size_t server = 0) const;
    void set_synced(std::size_t server, bool is_synced); // from its next start on

    // Which server leads the JetStream stream, by its monitoring page; -1 when none does.
    [[nodiscard]] int leader_of(const std::string& stream) const;
    [[nodiscard]] std::size_t wait_for_leader_of(const std::string& stream) const;

private:
    struct Server {
        int client_port{0};
        int route_port{0};
        int monitor_port{0};
        pid_t process{-1};
        bool is_synced{false};
    };

    void write_config(std::size_t server) const;
    // Through which the first reaches the second.
    [[nodiscard]] TcpGate& gate(std::size_t from, std::size_t to) const
    {
        return *gates_[from * servers_.size() + to];
    }
    [[nodiscard]] std::string last_log_lines(std::size_t server) const;
    [[nodiscard]] std::string monitor(std::size_t server, const std::string& path) const;

    NatsOptions options_;
    std::filesystem::path folder_;
    std::vector<Server> servers_;
    std::vector<std::unique_ptr<TcpGate>> gates_;
    std::vector<std::unique_ptr<SmallDisk>> disks_; // by server, or none
};

} // namespace sealstream::testing
