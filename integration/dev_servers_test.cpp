// The servers that `sealstream dev` owns start, answer, stop, and come back after a kill.

#include "node/dev/dev_nats.hpp"
#include "node/dev/dev_postgres.hpp"
#include "node/dev/folder_lock.hpp"
#include "node/dev/loopback_port.hpp"
#include "node/dev/pid_file.hpp"
#include "postgres/connection.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>
#include <iostream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace dev_servers_test {

using namespace sealstream;
using namespace std::chrono_literals;

namespace {

// A folder that only its owner may enter, as a checkout in root's home is.
class PrivateFolder {
public:
    PrivateFolder()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "seal-dev-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~PrivateFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    PrivateFolder(const PrivateFolder&) = delete;
    PrivateFolder& operator=(const PrivateFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

std::string query(const DevPostgres& server, const std::string& sql)
{
    PostgresOptions options;
    options.uri = server.conninfo();
    auto connection = Connection::open(options);
    INFO((connection ? "" : describe(connection.error())));
    REQUIRE(connection.has_value());
    const auto result = (*connection)->run(sql);
    INFO((result ? "" : describe(result.error())));
    REQUIRE(result.has_value());
    return result->rows() == 0 ? "" : std::string{result->text(0, 0)};
}

template <class T>
T started(Result<T> result)
{
    INFO((result ? "" : describe(result.error())));
    REQUIRE(result.has_value());
    return *std::move(result);
}

// Runs `child` in a process of its own and kills that process, as a crash of `sealstream dev`
// would.
template <class Body>
void in_a_killed_process(Body child)
{
    const pid_t pid = fork();
    if (pid == 0) {
        child();
        ::kill(getpid(), SIGKILL);
    }
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    REQUIRE(WIFSIGNALED(status));
}

} // namespace

TEST_CASE("Postgres keeps its rows over a stop and a start, and starts at once the second time",
          "[integration][dev]")
{
    const PrivateFolder folder;
    const DevPostgresOptions options{.folder = folder.path() / "postgres"};
    std::string first_address;
    {
        auto server = started(DevPostgres::start(options));
        query(server, "CREATE TABLE kept (n int)");
        query(server, "INSERT INTO kept VALUES (42)");
        first_address = server.conninfo();
    }

    const auto before = std::chrono::steady_clock::now();
    auto server = started(DevPostgres::start(options));
    const auto took = std::chrono::steady_clock::now() - before;

    CHECK(query(server, "SELECT n FROM kept") == "42");
    CHECK(server.conninfo() == first_address);
    CHECK(query(server, "SHOW fsync") == "on");
    CHECK(query(server, "SHOW synchronous_commit") == "on");
    std::cout << "second start of Postgres: "
              << std::chrono::duration_cast<milliseconds>(took).count() << " ms\n";
}

TEST_CASE("Postgres refuses who has no password", "[integration][dev]")
{
    const PrivateFolder folder;
    auto server = started(DevPostgres::start({.folder = folder.path() / "postgres"}));
    PostgresOptions options;
    options.uri = server.conninfo().substr(0, server.conninfo().find(" passfile="));
    const auto stranger = Connection::open(options);
    CHECK(!stranger.has_value());
    CHECK(server.conninfo().find("password=") == std::string::npos);
}

TEST_CASE("two servers of one kind run beside each other", "[integration][dev]")
{
    const PrivateFolder folder;
    auto one = started(DevNats::start({.folder = folder.path() / "one"}));
    auto two = started(DevNats::start({.folder = folder.path() / "two"}));
    CHECK(one.url() != two.url());
    CHECK(one.process().is_running());
    CHECK(two.process().is_running());
}

TEST_CASE("a port that somebody took meanwhile is not fought for", "[integration][dev]")
{
    const PrivateFolder folder;
    const DevNatsOptions options{.folder = folder.path() / "nats"};
    auto first = started(DevNats::start(options));
    const std::string port = first.url().substr(first.url().rfind(':') + 1);
    first.stop();
    auto occupant = started(ChildProcess::start(
        {.name = "occupant",
         .command = {"/usr/bin/env", "python3", "-c",
                     "import socket, sys, time\n"
                     "s = socket.socket()\n"
                     "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
                     "s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen(); time.sleep(60)",
                     port}}));
    const auto number = static_cast<std::uint16_t>(std::stoul(port));
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (is_port_free(number) && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(5ms);
    }
    REQUIRE(!is_port_free(number));

    auto second = started(DevNats::start(options));

    CHECK(second.url() != first.url());
    CHECK(occupant.is_running());
}

TEST_CASE("servers of a run that was killed are gone before the next run uses their data",
          "[integration][dev]")
{
    const PrivateFolder folder;
    const DevNatsOptions nats{.folder = folder.path() / "nats"};
    const DevPostgresOptions postgres{.folder = folder.path() / "postgres"};
    in_a_killed_process([&] {
        auto lost_nats = DevNats::start(nats);
        auto lost_postgres = DevPostgres::start(postgres);
        if (lost_nats && lost_postgres) {
            ::kill(getpid(), SIGKILL); // before any destructor
        }
        _exit(1);
    });

    auto next_nats = started(DevNats::start(nats));
    auto next_postgres = started(DevPostgres::start(postgres));

    CHECK(query(next_postgres, "SELECT 1") == "1");
    CHECK(running_process(folder.path() / "nats/nats.pid") == next_nats.process().pid());
}

TEST_CASE("a child ends when its parent is killed", "[integration][dev]")
{
    const PrivateFolder folder;
    const auto pid_file = folder.path() / "child.pid";
    in_a_killed_process([&] {
        const auto child = ChildProcess::start(
            {.name = "sleep", .command = {"/bin/sleep", "60"}, .pid_file = pid_file});
        ::kill(getpid(), child ? SIGKILL : SIGABRT);
    });

    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (running_process(pid_file) && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(5ms);
    }

    CHECK(!running_process(pid_file));
}

TEST_CASE("a nats-server that is not there, or is none, is a clear error", "[integration][dev]")
{
    const PrivateFolder folder;
    const auto missing =
        DevNats::start({.folder = folder.path() / "nats", .server = "/nowhere/nats-server"});
    REQUIRE(!missing.has_value());
    CHECK(missing.error().code == Errc::unsupported);

    const auto other = DevNats::start({.folder = folder.path() / "nats", .server = "/bin/false"});
    REQUIRE(!other.has_value());
    CHECK(other.error().code == Errc::unavailable);
}

} // namespace dev_servers_test
