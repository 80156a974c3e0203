#include "integration/support/nats_server.hpp"

#include "integration/support/free_port.hpp"
#include "integration/support/loopback.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sstream>
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
constexpr std::chrono::seconds stop_timeout{10};

int connect_to(int port)
{
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval timeout{2, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    const sockaddr_in address = loopback(port);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(socket);
        return -1;
    }
    return socket;
}

} // namespace

std::string NatsServers::binary()
{
    if (const char* const given = std::getenv("SEALSTREAM_NATS_SERVER")) {
        return given;
    }
    const char* const path = std::getenv("PATH");
    std::istringstream folders{path != nullptr ? path : ""};
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (::access((folder + "/nats-server").c_str(), X_OK) == 0) {
            return folder + "/nats-server";
        }
    }
    return {};
}

bool NatsServers::is_installed()
{
    return !binary().empty() && ::access(binary().c_str(), X_OK) == 0;
}

NatsServers::NatsServers(NatsOptions options) : options_{std::move(options)}
{
    std::string name = (fs::temp_directory_path() / "sealstream-nats-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error{"no temporary folder: " + name};
    }
    folder_ = name;
    for (int number = 0; number < options_.servers; ++number) {
        servers_.push_back({free_port(), free_port(), free_port(), -1, options_.is_synced});
    }
    for (std::size_t from = 0; options_.can_part && from < servers_.size(); ++from) {
        for (const Server& to : servers_) {
            gates_.push_back(std::make_unique<TcpGate>(to.route_port));
        }
    }
    for (std::size_t server = 0; server < servers_.size(); ++server) {
        fs::create_directories(data_folder(server));
        if (options_.disk_bytes > 0) {
            disks_.push_back(std::make_unique<SmallDisk>(data_folder(server), options_.disk_bytes));
        }
        write_config(server);
        start(server);
    }
    wait_for_quorum();
}

NatsServers::~NatsServers()
{
    for (std::size_t server = 0; server < servers_.size(); ++server) {
        kill(server);
    }
    disks_.clear();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void NatsServers::resize_disk(std::size_t server, std::uint64_t bytes) const
{
    disks_.at(server)->resize(bytes);
}

fs::path NatsServers::data_folder(std::size_t server) const
{
    return folder_ / ("data" + std::to_string(server));
}

void NatsServers::write_config(std::size_t server) const
{
    const Server& one = servers_[server];
    std::ofstream file{folder_ / ("nats" + std::to_string(server) + ".conf")};
    file << "server_name: n" << server << "\nhost: 127.0.0.1\nport: " << one.client_port
         << "\nhttp: \"127.0.0.1:" << one.monitor_port << "\"\nmax_payload: 1MB\n"
         << "jetstream {\n  store_dir: \"" << data_folder(server).string()
         << "\"\n  max_file_store: " << options_.max_store << "\n  max_memory_store: 256MB\n"
         << "  sync_interval: " << (one.is_synced ? "always" : "2m") << "\n}\n";
    file << options_.more_settings;
    if (servers_.size() > 1) {
        file << "cluster {\n  name: test\n  listen: \"127.0.0.1:" << one.route_port
             << "\"\n  routes: [";
        for (std::size_t other = 0; other < servers_.size(); ++other) {
            const int port =
                options_.can_part ? gate(server, other).port() : servers_[other].route_port;
            file << "\"nats://127.0.0.1:" << port << "\", ";
        }
        // Otherwise they tell each other the ways that have no gate. Nobody listens on port 1.
        file << " ]\n"
             << (options_.can_part ? "  no_advertise: true\n  advertise: \"127.0.0.1:1\"\n" : "")
             << "}\n";
    }
}

std::string NatsServers::monitor_url(std::size_t server) const
{
    return "http://127.0.0.1:" + std::to_string(servers_[server].monitor_port);
}

void NatsServers::set_synced(std::size_t server, bool is_synced)
{
    servers_[server].is_synced = is_synced;
    write_config(server);
}

std::string NatsServers::url() const
{
    std::string urls;
    for (std::size_t server = 0; server < servers_.size(); ++server) {
        urls += (urls.empty() ? "" : ",") + url(server);
    }
    return urls;
}

std::string NatsServers::url(std::size_t server) const
{
    return "nats://127.0.0.1:" + std::to_string(servers_[server].client_port);
}

void NatsServers::start(std::size_t server)
{
    Server& one = servers_[server];
    const auto log = folder_ / ("nats" + std::to_string(server) + ".log");
    const auto config = folder_ / ("nats" + std::to_string(server) + ".conf");
    const std::string program = binary();
    one.process = ::fork();
    if (one.process == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::setsid();
        const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        ::dup2(output, 1);
        ::dup2(output, 2);
        ::close_range(3, ~0U, 0);
        ::execl(program.c_str(), program.c_str(), "-c", config.c_str(), nullptr);
        ::_exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + start_timeout;
    while (std::chrono::steady_clock::now() < deadline) {
        if (::waitpid(one.process, nullptr, WNOHANG) == one.process) {
            one.process = -1;
            break;
        }
        const int socket = connect_to(one.client_port);
        if (socket >= 0) {
            ::close(socket);
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    throw std::runtime_error{"nats-server does not start:\n" + last_log_lines(server)};
}

void NatsServers::kill(std::size_t server)
{
    Server& one = servers_[server];
    if (one.process > 0) {
        ::kill(one.process, SIGKILL);
        ::waitpid(one.process, nullptr, 0);
        one.process = -1;
    }
}

void NatsServers::pause(std::size_t server)
{
    const pid_t process = servers_[server].process;
    ::kill(process, SIGSTOP);
    ::waitpid(process, nullptr, WUNTRACED); // its threads run on for a moment
}

void NatsServers::resume(std::size_t server)
{
    ::kill(servers_[server].process, SIGCONT);
}

void NatsServers::stop(std::size_t server)
{
    Server& one = servers_[server];
    if (one.process <= 0) {
        return;
    }
    ::kill(one.process, SIGTERM);
    const auto deadline = std::chrono::steady_clock::now() + stop_timeout;
    while (std::chrono::steady_clock::now() < deadline) {
        if (::waitpid(one.process, nullptr, WNOHANG) == one.process) {
            one.process = -1;
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    kill(server);
}

std::string NatsServers::last_log_lines(std::size_t server) const
{
    std::ifstream file{folder_ / ("nats" + std::to_string(server) + ".log")};
    std::ostringstream text;
    text << file.rdbuf();
    const std::string all = text.str();
    return all.substr(all.size() > 3000 ? all.size() - 3000 : 0);
}

std::string NatsServers::monitor(std::size_t server, const std::string& path) const
{
    const int socket = connect_to(servers_[server].monitor_port);
    if (socket < 0) {
        return {};
    }
    const std::string request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
    std::string answer;
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
        std::array<char, 8192> buffer{};
        for (ssize_t size = 0; (size = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0;) {
            answer.append(buffer.data(), static_cast<std::size_t>(size));
        }
    }
    ::close(socket);
    return answer;
}

void NatsServers::isolate(std::size_t server, Partition how)
{
    for (std::size_t other = 0; other < servers_.size(); ++other) {
        for (TcpGate* const one : {&gate(server, other), &gate(other, server)}) {
            how == Partition::cut ? one->shut() : one->hold();
        }
    }
}

void NatsServers::rejoin()
{
    for (const auto& one : gates_) {
        one->open();
    }
}

void NatsServers::wait_for_quorum() const
{
    const auto deadline = std::chrono::steady_clock::now() + start_timeout;
    for (std::size_t server = 0; servers_.size() > 1 && server < servers_.size();) {
        if (servers_[server].process <= 0 ||
            monitor(server, "/healthz").find("\"ok\"") != std::string::npos) {
            ++server;
            continue;
        }
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error{"no quorum:\n" + monitor(server, "/healthz") +
                                     last_log_lines(server)};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
}

std::size_t NatsServers::wait_for_leader_of(const std::string& stream) const
{
    const auto deadline = std::chrono::steady_clock::now() + start_timeout;
    while (std::chrono::steady_clock::now() < deadline) {
        const int leader = leader_of(stream);
        if (leader >= 0) {
            return static_cast<std::size_t>(leader);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    throw std::runtime_error{stream + " has no leader"};
}

int NatsServers::leader_of(const std::string& stream) const
{
    for (std::size_t server = 0; server < servers_.size(); ++server) {
        if (servers_[server].process <= 0) {
            continue;
        }
        // Each server tells whom it takes for the leader of each stream.
        const std::string page = monitor(server, "/jsz?streams=true");
        const auto found = page.find("\"name\": \"" + stream + "\"");
        const auto leader = page.find("\"leader\": \"n", found == std::string::npos ? 0 : found);
        if (found != std::string::npos && leader != std::string::npos) {
            return page[leader + 12] - '0';
        }
    }
    return -1;
}

} // namespace sealstream::testing
