#pragma once

// A private Postgres for tests: own data folder, own unix socket folder, free port on 127.0.0.1.
// Everything is gone when the object is. Runs as the user `postgres` when the test runs as root,
// because Postgres refuses root. initdb runs once per test binary; each server starts from a copy
// of its result.
//
// What goes wrong here is thrown as std::runtime_error with the server's last log lines: the test
// fails.

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace sealstream::testing {

struct PostgresServerOptions {
    bool is_synced{false};             // fsync and synchronous_commit; off is much faster
    std::vector<std::string> settings; // "name=value", as in postgresql.conf
};

class PostgresServer {
public:
    // False: print a line that starts with "SKIPPED:" and end the test.
    [[nodiscard]] static bool is_installed();
    [[nodiscard]] static std::filesystem::path programs(); // the folder of `postgres`

    explicit PostgresServer(PostgresServerOptions options = {});
    ~PostgresServer();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    // For libpq; over TCP, as the superuser `sealstream`.
    [[nodiscard]] std::string uri(const std::string& database = "postgres") const;
    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] const std::string& folder() const noexcept { return folder_; }

    // A new, empty database; returns its uri. Cheap, so that each test case can have its own.
    [[nodiscard]] std::string create_database();

    void kill();  // SIGKILL to the server and all its processes, at once
    void start(); // after kill() or stop(); returns when it answers
    void stop();  // fast shutdown

    [[nodiscard]] std::string last_log_lines() const;

private:
    PostgresServerOptions options_;
    std::string folder_;
    int port_{0};
    pid_t process_{-1};
    int databases_{0};
};

} // namespace sealstream::testing
