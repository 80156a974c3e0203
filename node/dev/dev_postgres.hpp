#pragma once

// A private Postgres on 127.0.0.1 and on a socket without a file (Linux's abstract names), its data
// in a folder of ours. Root starts it as user postgres, who then owns the folder. A password made
// at the first start keeps other users of the machine out; clients find it through the `passfile`
// of conninfo().
//
//   <folder>/data/, postgres.log, postgres.pid, port, pgpass

#include "node/dev/child_process.hpp"

#include <cstdint>

namespace sealstream {

struct DevPostgresOptions {
    std::filesystem::path folder;
    bool is_synced{true};            // every commit on disk before it is answered
    milliseconds ready_wait{60'000}; // after a crash the write-ahead log is replayed
    milliseconds stop_wait{15'000};
};

class DevPostgres {
public:
    // Returns when it answers: about two seconds the first time, half of one later. Ends the one of
    // a killed earlier run first.
    //   unsupported   no Postgres is installed, or not the version of the data; or no user to run
    //   it as unavailable   it ends or does not answer in time; the context has its last log lines
    [[nodiscard]] static Result<DevPostgres> start(DevPostgresOptions options);

    // libpq key=value text. It names the file that has the password, and holds none.
    [[nodiscard]] const std::string& conninfo() const noexcept { return conninfo_; }
    [[nodiscard]] ChildProcess& process() noexcept { return process_; }
    void stop() noexcept { process_.stop(); }

private:
    DevPostgres(ChildProcess process, std::string conninfo)
        : process_{std::move(process)},
          conninfo_{std::move(conninfo)}
    {
    }

    ChildProcess process_;
    std::string conninfo_;
};

// Whether the text of a postmaster.pid file says that the server of that pid takes connections.
[[nodiscard]] bool says_ready(std::string_view postmaster_pid_text, pid_t pid);

} // namespace sealstream
