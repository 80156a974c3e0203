#include "node/dev/dev_nats.hpp"

#include "node/dev/find_program.hpp"
#include "node/dev/loopback_port.hpp"
#include "node/dev/pid_file.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace sealstream {

namespace {

constexpr milliseconds nats_poll{10};
constexpr std::array<int, 3> version_min{2, 14, 4};

Result<std::string> find_server(const std::string& given)
{
    const char* named = std::getenv("SEALSTREAM_NATS_SERVER");
    const std::string wanted = !given.empty()                       ? given
                               : named != nullptr && *named != '\0' ? named
                                                                    : "nats-server";
    const auto found = find_program(wanted);
    if (!found) {
        return Error{Errc::unsupported, wanted + " is not there; `./dev deps` fetches one"};
    }
    return found->string();
}

// Quoted for a nats configuration file: its strings know the backslash escapes.
std::string in_double_quotes(const std::string& text)
{
    std::string result = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') {
            result += '\\';
        }
        result += letter;
    }
    return result + "\"";
}

Result<void> check_version(const std::string& line)
{
    const auto version = version_in_greeting(line);
    if (!is_nats_new_enough(version)) {
        return Error{Errc::unsupported,
                     "nats-server is " + version + ", and 2.14.4 or newer is needed"};
    }
    return {};
}

Result<void> wait_for_nats(ChildProcess& process, std::uint16_t port, const DevNatsOptions& options)
{
    const auto deadline = std::chrono::steady_clock::now() + options.ready_wait;
    while (std::chrono::steady_clock::now() < deadline) {
        if (!process.is_running()) {
            return Error{Errc::unavailable,
                         "nats-server ended: " + last_lines(options.folder / "nats.log")};
        }
        // It listens to clients only after JetStream is up.
        const auto line = greeting(port);
        if (line.starts_with("INFO ")) {
            return check_version(line);
        }
        std::this_thread::sleep_for(nats_poll);
    }
    return Error{Errc::unavailable,
                 "nats-server does not answer: " + last_lines(options.folder / "nats.log")};
}

Result<std::string> write_configuration(const DevNatsOptions& options, std::uint16_t port)
{
    const auto file = options.folder / "nats.conf";
    std::ofstream output{file, std::ios::trunc};
    output << nats_configuration(options, port);
    output.close();
    if (!output) {
        return Error{Errc::unavailable, "can not write " + file.string()};
    }
    return file.string();
}

} // namespace

std::string nats_configuration(const DevNatsOptions& options, std::uint16_t port)
{
    return "# Written anew at every start of `sealstream dev`.\n"
           "server_name: \"sealstream-dev\"\n"
           "listen: \"127.0.0.1:" +
           std::to_string(port) +
           "\"\n"
           "max_payload: 8MB\n"
           "ping_interval: \"20s\"\n"
           "write_deadline: \"10s\"\n"
           "server_tags: [" +
           std::string{options.is_synced ? "\"sync:always\"" : ""} +
           "]\n"
           "jetstream {\n"
           "  store_dir: " +
           in_double_quotes((options.folder / "store").string()) + "\n" +
           (options.is_synced ? "  sync_interval: always\n" : "") +
           "  max_memory_store: 256MB\n"
           "  max_file_store: 64GB\n"
           "  limits {\n"
           "    batch { max_inflight_per_stream: 500, max_inflight_total: 5000, max_msgs: 1000,"
           " timeout: \"5s\" }\n"
           "  }\n"
           "}\n";
}

std::string version_in_greeting(std::string_view line)
{
    constexpr std::string_view key = "\"version\":\"";
    const auto begin = line.find(key);
    if (begin == std::string_view::npos) {
        return {};
    }
    line.remove_prefix(begin + key.size());
    return std::string{line.substr(0, line.find('"'))};
}

bool is_nats_new_enough(std::string_view version)
{
    for (const int wanted : version_min) {
        int number = -1;
        const auto [end, failed] =
            std::from_chars(version.data(), version.data() + version.size(), number);
        if (failed != std::errc{} || number != wanted) {
            return failed == std::errc{} && number > wanted;
        }
        version.remove_prefix(static_cast<std::size_t>(end - version.data()));
        version.remove_prefix(version.starts_with('.') ? 1 : 0);
    }
    return true;
}

Result<DevNats> DevNats::start(DevNatsOptions options)
{
    SEAL_TRY(server, find_server(options.server));
    std::error_code failed;
    options.folder = std::filesystem::absolute(options.folder, failed);
    std::filesystem::create_directories(options.folder / "store", failed);
    if (failed) {
        return Error{Errc::unavailable,
                     "can not make " + options.folder.string() + ": " + failed.message()};
    }
    const auto pid_file = options.folder / "nats.pid";
    if (const auto ended = end_stale_process(pid_file, SIGTERM, options.stop_wait); !ended) {
        return ended.error();
    }

    Error last{Errc::unavailable, "nats-server was not started"};
    for (int attempt = 0; attempt < port_attempts_max; ++attempt) {
        SEAL_TRY(port, remembered_port(options.folder / "port"));
        SEAL_TRY(configuration, write_configuration(options, port));
        SEAL_TRY(process, ChildProcess::start(ChildOptions{
                              .name = "nats-server",
                              .command = {server, "--config", configuration},
                              .log_file = options.folder / "nats.log",
                              .pid_file = pid_file,
                              .stop_signal = SIGTERM,
                              .stop_wait = options.stop_wait,
                          }));
        const auto ready = wait_for_nats(process, port, options);
        if (ready) {
            return DevNats{std::move(process), "nats://127.0.0.1:" + std::to_string(port)};
        }
        last = ready.error();
        if (is_port_free(port)) {
            break; // the port was not the reason
        }
    }
    return last;
}

} // namespace sealstream
