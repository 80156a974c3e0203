// The pure and the small parts of owning child servers; the servers themselves are in integration/.

#include "node/dev/child_process.hpp"
#include "node/dev/dev_nats.hpp"
#include "node/dev/dev_postgres.hpp"
#include "node/dev/find_program.hpp"
#include "node/dev/folder_lock.hpp"
#include "node/dev/loopback_port.hpp"
#include "node/dev/pid_file.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>
#include <fstream>
#include <unistd.h>

using namespace sealstream;
using namespace std::chrono_literals;

namespace {

class Folder {
public:
    Folder()
    {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "seal-unit-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~Folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

ChildOptions shell(const std::string& script)
{
    return {.name = "shell", .command = {"/bin/sh", "-c", script}, .stop_wait = 200ms};
}

} // namespace

TEST_CASE("a second run on one data folder is refused until the first has ended", "[dev]")
{
    const Folder folder;
    {
        const auto first = FolderLock::take(folder.path());
        REQUIRE(first.has_value());
        const auto second = FolderLock::take(folder.path());
        REQUIRE(!second.has_value());
        CHECK(second.error().code == Errc::conflict);
        CHECK(second.error().context.find(std::to_string(getpid())) != std::string::npos);
    }
    CHECK(FolderLock::take(folder.path()).has_value());
}

TEST_CASE("a child's exit code, output and environment are what it was given", "[dev]")
{
    const Folder folder;
    auto options = shell("echo \"$WORD $HOME\"; cat; exit 3");
    options.environment = {"WORD=given", "HOME"};
    options.log_file = folder / "log";
    options.input_file = folder / "input";
    std::ofstream{options.input_file} << "from standard input";

    auto child = ChildProcess::start(options);
    REQUIRE(child.has_value());
    const auto code = child->wait(10s);

    REQUIRE(code.has_value());
    CHECK(*code == 3);
    CHECK(last_lines(folder / "log") == "given \nfrom standard input");
}

TEST_CASE("a program that is not there is an error at the start", "[dev]")
{
    const auto child = ChildProcess::start({.name = "none", .command = {"/nowhere/none"}});
    REQUIRE(!child.has_value());
    CHECK(child.error().code == Errc::unavailable);
    CHECK(child.error().context.find("No such file") != std::string::npos);
}

TEST_CASE("a child that does not stop when asked is made to", "[dev]")
{
    const Folder folder;
    auto options = shell("trap '' TERM; echo ready; while :; do sleep 0.02; done");
    options.log_file = folder / "log";
    auto child = ChildProcess::start(options);
    REQUIRE(child.has_value());
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (last_lines(folder / "log") != "ready" && std::chrono::steady_clock::now() < deadline) {
        usleep(1000);
    }

    child->stop();

    CHECK(!child->is_running());
    CHECK(*child->wait(0ms) == 128 + SIGKILL);
}

TEST_CASE("a pid file means one process, not whoever has its number now", "[dev]")
{
    const Folder folder;
    const auto file = folder / "pid";
    REQUIRE(write_pid_file(file, getpid()).has_value());
    CHECK(running_process(file) == getpid());

    std::ofstream{file} << getpid() << " 1 another boot";
    CHECK(!running_process(file));
    CHECK(end_stale_process(file, SIGTERM, 1s).has_value()); // would end this test if it were wrong
    CHECK(!running_process(folder / "missing"));
}

TEST_CASE("the start time is found whatever the process is called", "[dev]")
{
    const std::string tail = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 99";
    CHECK(start_time_field("17 (plain)" + tail) == "4242");
    CHECK(start_time_field("17 (a ) b (c)" + tail) == "4242");
    CHECK(!start_time_field("17 (short) S 1 2"));
    CHECK(!start_time_field("no parenthesis"));
    CHECK(!start_time_field(""));
}

TEST_CASE("a port is remembered while it is free", "[dev]")
{
    const Folder folder;
    const auto first = remembered_port(folder / "port");
    REQUIRE(first.has_value());
    CHECK(*remembered_port(folder / "port") == *first);

    std::ofstream{folder / "port", std::ios::trunc} << "nonsense";
    CHECK(remembered_port(folder / "port").has_value());
    CHECK(!remembered_port(folder / "missing folder/port").has_value());
}

TEST_CASE("nats versions are compared as numbers", "[dev]")
{
    for (const auto* version :
         {"2.14.4", "2.14.10", "2.15.0", "2.15.1-RC.1", "3.0.0", "2.14.4-x"}) {
        INFO(version);
        CHECK(is_nats_new_enough(version));
    }
    for (const auto* version : {"2.14.3", "2.9.25", "1.99.99", "", "v2.15.1", "2", "2.14", "two"}) {
        INFO(version);
        CHECK(!is_nats_new_enough(version));
    }
    CHECK(version_in_greeting(R"(INFO {"server_id":"N","version":"2.15.1","go":"1"})") == "2.15.1");
    CHECK(version_in_greeting("HTTP/1.1 400 Bad Request").empty());
}

TEST_CASE("the server syncs every write unless told otherwise", "[dev]")
{
    DevNatsOptions options{.folder = "/data/a \"quoted\" place"};
    const auto synced = nats_configuration(options, 4222);
    CHECK(synced.find("sync_interval: always") != std::string::npos);
    CHECK(synced.find("listen: \"127.0.0.1:4222\"") != std::string::npos);
    CHECK(synced.find(R"(store_dir: "/data/a \"quoted\" place/store")") != std::string::npos);

    options.is_synced = false;
    CHECK(nats_configuration(options, 4222).find("sync_interval") == std::string::npos);
}

TEST_CASE("Postgres is ready when its own file says so, for this very process", "[dev]")
{
    const std::string file = "77\n/data\n1700000000\n5432\n@name\n127.0.0.1\n 1 2\n";
    CHECK(says_ready(file + "ready   \n", 77));
    CHECK(!says_ready(file + "starting\n", 77));
    CHECK(!says_ready(file + "ready   \n", 78));
    CHECK(!says_ready(file, 77));
    CHECK(!says_ready("", 77));
}

TEST_CASE("programs are found by path and by name", "[dev]")
{
    CHECK(find_program("/bin/sh") == std::filesystem::path{"/bin/sh"});
    CHECK(find_program("sh").has_value());
    CHECK(!find_program("/bin").has_value());
    CHECK(!find_program("surely-not-a-program").has_value());
}

TEST_CASE("who may enter a folder is read from its modes", "[dev]")
{
    const Folder folder; // only its owner may enter
    const RunAs owner{getuid(), getgid(), {}, {}};
    const RunAs stranger{getuid() + 1000, getgid() + 1000, {}, {}};
    CHECK(can_reach(owner, folder / "inside"));
    CHECK(!can_reach(stranger, folder / "inside"));
    CHECK(can_reach(stranger, "/usr"));
}
