#include "bench/slow_syncs.hpp"

#include "bench/bench_support.hpp"
#include "integration/support/postgres_server.hpp"

#include <cstdlib>
#include <fstream>
#include <unistd.h>

namespace sealstream::bench {

namespace {

namespace fs = std::filesystem;

// The tracer is a grandchild (-D), so that who starts the server can still stop it.
void write_stand_in(const fs::path& at, const fs::path& program, int milliseconds)
{
    std::ofstream{at} << "#!/bin/sh\nexec strace -D -qq -f --seccomp-bpf -o /dev/null"
                      << " -e trace=fsync,fdatasync -e inject=fsync,fdatasync:delay_enter="
                      << milliseconds * 1000 << " '" << program.string() << "' \"$@\"\n";
    fs::permissions(at, fs::perms::owner_all | fs::perms::group_exec | fs::perms::group_read |
                            fs::perms::others_exec | fs::perms::others_read);
}

} // namespace

bool SlowSyncs::is_possible()
{
    return run("strace -V > /dev/null 2>&1").exit_code == 0;
}

SlowSyncs::SlowSyncs(int milliseconds)
    : folder_{fs::temp_directory_path() / ("sealstream-slow-" + std::to_string(::getpid()))}
{
    const fs::path nats = testing::NatsServers::binary();
    const fs::path postgres = testing::PostgresServer::programs();
    fs::create_directories(folder_ / "postgres");
    for (const auto& program : fs::directory_iterator{postgres}) {
        if (program.path().filename() != "postgres") {
            fs::create_symlink(program.path(), folder_ / "postgres" / program.path().filename());
        }
    }
    write_stand_in(folder_ / "postgres" / "postgres", postgres / "postgres", milliseconds);
    write_stand_in(folder_ / "nats-server", nats, milliseconds);
    ::setenv("SEALSTREAM_NATS_SERVER", (folder_ / "nats-server").c_str(), 1);
    ::setenv("SEALSTREAM_POSTGRES_BIN", (folder_ / "postgres").c_str(), 1);
}

SlowSyncs::~SlowSyncs()
{
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

} // namespace sealstream::bench
