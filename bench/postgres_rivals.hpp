#pragma once

// What conditional appends are compared with, on a private Postgres that syncs every commit, driven
// by pgbench (one thread, prepared statements): each client has a stream of its own and states the
// version that it expects, as `http_load --conditional` does.

#include "integration/support/postgres_server.hpp"

#include <filesystem>
#include <string>

namespace sealstream::bench {

struct RivalOptions {
    std::size_t payload_bytes{256};
    double seconds{3};
    bool is_synced{true}; // false: synchronous_commit=off
};

class PostgresRivals {
public:
    explicit PostgresRivals(RivalOptions options);

    // Why there is none; empty when there is.
    [[nodiscard]] const std::string& message_db_missing() const noexcept { return missing_; }

    // Appends a second; 0 when pgbench failed, after saying so.
    [[nodiscard]] double message_db(std::size_t clients);
    // A table whose primary key is (stream, version), with a position of its own.
    [[nodiscard]] double plain_table(std::size_t clients);

private:
    void make_table();
    void install_message_db();
    [[nodiscard]] std::string environment(const std::string& database) const;
    [[nodiscard]] double pgbench(const std::string& database, const std::string& script,
                                 std::size_t clients);

    RivalOptions options_;
    testing::PostgresServer server_;
    std::filesystem::path tools_; // psql, pgbench
    std::string missing_;
    int runs_{0};
};

} // namespace sealstream::bench
