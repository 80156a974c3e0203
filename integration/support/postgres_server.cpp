#include "integration/support/postgres_server.hpp"

#include "integration/support/free_port.hpp"

#include <libpq-fe.h>

#include <arpa/inet.h>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <future>
#include <grp.h>
#include <mutex>
#include <pwd.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace sealstream::testing {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds start_timeout{30};
constexpr int start_tries = 5; // another process may take the free port first

// The newest version that the distribution has installed, or the folder in SEALSTREAM_POSTGRES_BIN.
fs::path binaries()
{
    if (const char* const given = std::getenv("SEALSTREAM_POSTGRES_BIN")) {
        return given;
    }
    fs::path newest;
    int newest_version = 0;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{"/usr/lib/postgresql", ignored}) {
        const int version = std::atoi(entry.path().filename().c_str());
        if (version > newest_version && fs::exists(entry.path() / "bin" / "initdb")) {
            newest_version = version;
            newest = entry.path() / "bin";
        }
    }
    return newest;
}

const passwd* server_user()
{
    return ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
}

// In the child: become the server's user, and die with the test. Only calls that are safe after
// fork().
void prepare_child(const passwd* user, const char* log)
{
    if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 ||
                            ::setuid(user->pw_uid) != 0)) {
        ::_exit(126);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT); // immediate shutdown
    ::setsid();
    const int output = ::open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(input, 0);
    ::dup2(output, 1);
    ::dup2(output, 2);
    ::close_range(3, ~0U, 0);
    if (::chdir("/") != 0) {
        ::_exit(126);
    }
}

// Runs `task` on a thread that lasts as long as the process: the kernel sends the death signal of
// PR_SET_PDEATHSIG when the thread ends that has forked, not when its process does.
pid_t on_lasting_thread(std::packaged_task<pid_t()> task)
{
    struct Spawner {
        std::mutex mutex;
        std::condition_variable wake;
        std::deque<std::packaged_task<pid_t()>> tasks;

        void run()
        {
            while (true) {
                std::unique_lock lock{mutex};
                wake.wait(lock, [this] { return !tasks.empty(); });
                auto next = std::move(tasks.front());
                tasks.pop_front();
                lock.unlock();
                next();
            }
        }
    };
    static Spawner* const spawner = [] {
        auto* const made = new Spawner; // never freed: its thread runs to the end
        std::thread{[made] { made->run(); }}.detach();
        return made;
    }();
    auto result = task.get_future();
    {
        const std::lock_guard lock{spawner->mutex};
        spawner->tasks.push_back(std::move(task));
    }
    spawner->wake.notify_one();
    return result.get();
}

pid_t start_process(const std::vector<std::string>& command, const fs::path& log)
{
    std::vector<char*> arguments;
    for (const std::string& word : command) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    const passwd* const user = server_user();
    std::packaged_task<pid_t()> start{[&] {
        const pid_t child = ::fork();
        if (child == 0) {
            prepare_child(user, log.c_str());
            ::execv(arguments[0], arguments.data());
            ::_exit(127);
        }
        return child;
    }};
    const pid_t child = on_lasting_thread(std::move(start));
    if (child < 0) {
        throw std::runtime_error{"fork failed"};
    }
    return child;
}

int wait_for_exit(pid_t process)
{
    int status = 0;
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

fs::path make_folder()
{
    std::string name = (fs::temp_directory_path() / "sealstream-postgres-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error{"no temporary folder: " + name};
    }
    if (const passwd* const user = server_user()) {
        if (::chown(name.c_str(), user->pw_uid, user->pw_gid) != 0) {
            throw std::runtime_error{"chown " + name};
        }
    }
    return name;
}

void give_to_server(const fs::path& path)
{
    if (const passwd* const user = server_user()) {
        if (::lchown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
            throw std::runtime_error{"chown " + path.string()};
        }
    }
}

// The result of initdb, made once and removed at the end of the process.
struct Template {
    fs::path folder{make_folder()};

    Template()
    {
        const auto tool = binaries() / "initdb";
        const pid_t process = start_process(
            {tool.string(), "--pgdata", (folder / "data").string(), "--username", "sealstream",
             "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"},
            folder / "initdb.log");
        if (wait_for_exit(process) != 0) {
            throw std::runtime_error{"initdb failed: " + (folder / "initdb.log").string()};
        }
    }
    ~Template()
    {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }
    Template(const Template&) = delete;
    Template& operator=(const Template&) = delete;
};

// The processes that `parent` has started. Each is its own session, so a process group does not do.
std::vector<pid_t> children_of(pid_t parent)
{
    std::vector<pid_t> children;
    std::ifstream list{"/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) +
                       "/children"};
    for (pid_t child = 0; list >> child;) {
        children.push_back(child);
    }
    return children;
}

void run_statement(const std::string& uri, const std::string& sql)
{
    PGconn* const session = PQconnectdb(uri.c_str());
    PGresult* const answer = PQexec(session, sql.c_str());
    const bool is_done = PQresultStatus(answer) == PGRES_COMMAND_OK;
    const std::string message{PQerrorMessage(session)};
    PQclear(answer);
    PQfinish(session);
    if (!is_done) {
        throw std::runtime_error{sql + ": " + message};
    }
}

} // namespace

bool PostgresServer::is_installed()
{
    return !binaries().empty();
}

fs::path PostgresServer::programs()
{
    return binaries();
}

PostgresServer::PostgresServer(PostgresServerOptions options) : options_{std::move(options)}
{
    static const Template fresh;
    folder_ = make_folder().string();
    fs::copy(fresh.folder / "data", fs::path{folder_} / "data", fs::copy_options::recursive);
    give_to_server(fs::path{folder_} / "data");
    for (const auto& entry : fs::recursive_directory_iterator{fs::path{folder_} / "data"}) {
        give_to_server(entry.path());
    }
    start();
}

PostgresServer::~PostgresServer()
{
    kill();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

std::string PostgresServer::uri(const std::string& database) const
{
    return "postgresql://sealstream@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PostgresServer::create_database()
{
    const std::string name = "test_" + std::to_string(++databases_);
    run_statement(uri(), "CREATE DATABASE " + name);
    return uri(name);
}

void PostgresServer::start()
{
    const std::string synced = options_.is_synced ? "on" : "off";
    for (int tries = 0; tries < start_tries; ++tries) {
        if (port_ == 0) {
            port_ = free_port();
        }
        std::vector<std::string> command{(binaries() / "postgres").string(),
                                         "-D",
                                         folder_ + "/data",
                                         "-k",
                                         folder_,
                                         "-h",
                                         "127.0.0.1",
                                         "-p",
                                         std::to_string(port_),
                                         "-c",
                                         "fsync=" + synced,
                                         "-c",
                                         "synchronous_commit=" + synced,
                                         "-c",
                                         "full_page_writes=" + synced,
                                         "-c",
                                         "max_wal_size=2GB"};
        for (const std::string& setting : options_.settings) {
            command.insert(command.end(), {"-c", setting});
        }
        process_ = start_process(command, folder_ + "/server.log");
        const auto deadline = std::chrono::steady_clock::now() + start_timeout;
        while (std::chrono::steady_clock::now() < deadline) {
            if (PQping(uri().c_str()) == PQPING_OK) {
                return;
            }
            int status = 0;
            if (::waitpid(process_, &status, WNOHANG) == process_) {
                process_ = -1;
                break;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        kill();
        // A restarted server keeps its port: clients know it. A first one may look for another.
        if (databases_ == 0) {
            port_ = 0;
        }
    }
    throw std::runtime_error{"Postgres does not start:\n" + last_log_lines()};
}

void PostgresServer::kill()
{
    if (process_ < 0) {
        return;
    }
    ::kill(process_, SIGSTOP); // so that it starts nobody while we look
    const auto children = children_of(process_);
    for (const pid_t child : children) {
        ::kill(child, SIGKILL);
    }
    ::kill(process_, SIGKILL);
    wait_for_exit(process_);
    process_ = -1;
    // Orphans are reaped by init; the data folder is free when they are gone.
    for (const pid_t child : children) {
        while (::kill(child, 0) == 0 && fs::exists("/proc/" + std::to_string(child) + "/exe")) {
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
    }
}

void PostgresServer::stop()
{
    if (process_ >= 0) {
        ::kill(process_, SIGINT);
        wait_for_exit(process_);
        process_ = -1;
    }
}

std::string PostgresServer::last_log_lines() const
{
    std::ifstream log{folder_ + "/server.log"};
    std::vector<std::string> lines;
    for (std::string line; std::getline(log, line);) {
        lines.push_back(line);
    }
    std::string text;
    for (std::size_t at = lines.size() > 30 ? lines.size() - 30 : 0; at < lines.size(); ++at) {
        text += lines[at] + "\n";
    }
    return text;
}

} // namespace sealstream::testing
