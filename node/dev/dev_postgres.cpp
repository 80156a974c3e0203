#include "node/dev/dev_postgres.hpp"

#include "node/dev/find_program.hpp"
#include "node/dev/loopback_port.hpp"
#include "node/dev/pid_file.hpp"

#include <array>
#include <fstream>
#include <random>
#include <sstream>
#include <sys/stat.h>
#include <thread>

namespace sealstream {

namespace {

constexpr milliseconds postgres_poll{5};
constexpr milliseconds initdb_wait{120'000};
constexpr int stop_signal = SIGINT; // "fast": ends sessions; SIGTERM would wait for the clients
constexpr auto owner_name = "sealstream"; // of the superuser and of the database
constexpr int connections_max = 60;

// One start's places.
struct Places {
    std::filesystem::path folder;
    std::filesystem::path programs;
    std::optional<RunAs> run_as;

    [[nodiscard]] std::filesystem::path data() const { return folder / "data"; }
    [[nodiscard]] std::filesystem::path log() const { return folder / "postgres.log"; }
    [[nodiscard]] std::filesystem::path pgpass() const { return folder / "pgpass"; }
};

std::string read_text(const std::filesystem::path& file)
{
    std::ifstream input{file};
    std::ostringstream text;
    text << input.rdbuf();
    return text.str();
}

Result<void> write_secret(const std::filesystem::path& file, const std::string& text)
{
    std::ofstream{file, std::ios::trunc};
    if (chmod(file.c_str(), S_IRUSR | S_IWUSR) != 0) {
        return Error{Errc::unavailable, "can not protect " + file.string()};
    }
    std::ofstream output{file, std::ios::trunc};
    output << text;
    output.close();
    if (!output) {
        return Error{Errc::unavailable, "can not write " + file.string()};
    }
    return {};
}

std::string random_password()
{
    constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    constexpr int length = 32;
    std::random_device random;
    std::uniform_int_distribution<std::size_t> pick{0, letters.size() - 1};
    std::string password;
    for (int at = 0; at < length; ++at) {
        password += letters[pick(random)];
    }
    return password;
}

Result<Places> find_places(const DevPostgresOptions& options)
{
    std::error_code failed;
    const auto folder = std::filesystem::absolute(options.folder, failed);
    std::filesystem::create_directories(folder, failed);
    if (failed) {
        return Error{Errc::unavailable,
                     "can not make " + folder.string() + ": " + failed.message()};
    }
    int major = 0;
    std::ifstream{folder / "data/PG_VERSION"} >> major;
    const auto programs = find_postgres_folder(major);
    if (!programs) {
        return Error{Errc::unsupported,
                     major == 0 ? "Postgres is not installed; `./dev deps` installs it"
                                : "the data in " + folder.string() + " is of PostgreSQL " +
                                      std::to_string(major) + ", which is not installed"};
    }
    SEAL_TRY(run_as, run_as_for("postgres", folder));
    return Places{folder, *programs, run_as};
}

// The environment may speak of another server, and of a language for messages.
const std::vector<std::string>& clean_environment()
{
    static const std::vector<std::string> changes{"PGDATA", "PGPORT",     "PGHOST",
                                                  "PGUSER", "PGDATABASE", "PGOPTIONS",
                                                  "LANG",   "LC_ALL=C",   "LANGUAGE"};
    return changes;
}

Result<void> make_cluster(const Places& places)
{
    // Made beside its place and moved there when complete, so that a killed first start leaves
    // nothing half.
    const auto fresh = places.folder / "data.new";
    std::error_code failed;
    std::filesystem::remove_all(fresh, failed);
    const std::string password = random_password();
    const auto password_file = places.folder / "password.new";
    const auto create_file = places.folder / "create.sql";
    if (const auto kept = write_secret(password_file, password + "\n"); !kept) {
        return kept.error();
    }
    std::ofstream{create_file} << "CREATE DATABASE " << owner_name << ";\n";
    if (places.run_as) {
        if (const auto given = give_to(*places.run_as, places.folder); !given) {
            return given.error();
        }
    }

    const auto run = [&places](std::vector<std::string> command, std::filesystem::path input) {
        return run_to_end(ChildOptions{.name = command.front(),
                                       .command = std::move(command),
                                       .environment = clean_environment(),
                                       .log_file = places.log(),
                                       .input_file = std::move(input),
                                       .run_as = places.run_as},
                          initdb_wait);
    };
    const auto made = run({(places.programs / "initdb").string(), "--pgdata", fresh.string(),
                           "--username", owner_name, "--pwfile", password_file.string(), "--auth",
                           "scram-sha-256", "--encoding", "UTF8", "--locale", "C"},
                          {});
    std::filesystem::remove(password_file, failed);
    if (!made) {
        return made.error();
    }
    const auto created =
        run({(places.programs / "postgres").string(), "--single", "-D", fresh.string(), "postgres"},
            create_file);
    std::filesystem::remove(create_file, failed);
    if (!created) {
        return created.error();
    }
    if (const auto kept = write_secret(places.pgpass(), "*:*:*:*:" + password + "\n"); !kept) {
        return kept.error();
    }
    std::filesystem::rename(fresh, places.data(), failed);
    if (failed) {
        return Error{Errc::unavailable, "can not move the new data folder: " + failed.message()};
    }
    return {};
}

// Quoted for libpq's key=value text.
std::string in_single_quotes(const std::string& text)
{
    std::string result = "'";
    for (const char letter : text) {
        if (letter == '\'' || letter == '\\') {
            result += '\\';
        }
        result += letter;
    }
    return result + "'";
}

// An abstract socket is found by name, so two data folders must have two names.
std::string socket_name(const std::filesystem::path& folder)
{
    std::ostringstream text;
    text << "@sealstream-dev-" << std::hex << std::hash<std::string>{}(folder.string());
    return text.str();
}

std::vector<std::string> server_command(const Places& places, std::uint16_t port, bool is_synced)
{
    std::vector<std::string> command{(places.programs / "postgres").string(), "-D",
                                     places.data().string()};
    const std::array<std::string, 12> settings{
        "listen_addresses=127.0.0.1",
        "port=" + std::to_string(port),
        "unix_socket_directories=" + socket_name(places.folder),
        "max_connections=" + std::to_string(connections_max),
        "shared_buffers=128MB",
        "wal_level=minimal", // nothing replicates from here, and rebuilds then need not log what
                             // they COPY
        "max_wal_senders=0",
        "max_wal_size=2GB",
        std::string{"synchronous_commit="} + (is_synced ? "on" : "off"),
        "log_min_messages=warning",
        "logging_collector=off",
        "cluster_name=sealstream-dev",
    };
    for (const std::string& setting : settings) {
        command.emplace_back("-c");
        command.push_back(setting);
    }
    return command;
}

Result<void> wait_for_postgres(ChildProcess& process, const Places& places, milliseconds at_most)
{
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (std::chrono::steady_clock::now() < deadline) {
        if (!process.is_running()) {
            return Error{Errc::unavailable, "postgres ended: " + last_lines(places.log())};
        }
        if (says_ready(read_text(places.data() / "postmaster.pid"), process.pid())) {
            return {};
        }
        std::this_thread::sleep_for(postgres_poll);
    }
    return Error{Errc::unavailable, "postgres does not answer: " + last_lines(places.log())};
}

} // namespace

bool says_ready(std::string_view postmaster_pid_text, pid_t pid)
{
    constexpr int status_line = 8; // of src/include/utils/pidfile.h
    std::istringstream lines{std::string{postmaster_pid_text}};
    std::string line;
    for (int number = 1; number <= status_line && std::getline(lines, line); ++number) {
        if (number == 1 && line != std::to_string(pid)) {
            return false;
        }
        if (number == status_line) {
            return line.starts_with("ready");
        }
    }
    return false;
}

Result<DevPostgres> DevPostgres::start(DevPostgresOptions options)
{
    SEAL_TRY(places, find_places(options));
    const auto pid_file = places.folder / "postgres.pid";
    if (const auto ended = end_stale_process(pid_file, stop_signal, options.stop_wait); !ended) {
        return ended.error();
    }
    if (!std::filesystem::exists(places.data() / "PG_VERSION")) {
        if (const auto made = make_cluster(places); !made) {
            return made.error();
        }
    }

    Error last{Errc::unavailable, "postgres was not started"};
    for (int attempt = 0; attempt < port_attempts_max; ++attempt) {
        SEAL_TRY(port, remembered_port(places.folder / "port"));
        SEAL_TRY(process, ChildProcess::start(ChildOptions{
                              .name = "postgres",
                              .command = server_command(places, port, options.is_synced),
                              .environment = clean_environment(),
                              .log_file = places.log(),
                              .pid_file = pid_file,
                              .run_as = places.run_as,
                              .stop_signal = stop_signal,
                              .stop_wait = options.stop_wait,
                          }));
        const auto ready = wait_for_postgres(process, places, options.ready_wait);
        if (ready) {
            return DevPostgres{std::move(process),
                               "host=" + socket_name(places.folder) +
                                   " port=" + std::to_string(port) + " user=" + owner_name +
                                   " dbname=" + owner_name +
                                   " passfile=" + in_single_quotes(places.pgpass().string())};
        }
        last = ready.error();
        if (is_port_free(port)) {
            break; // the port was not the reason
        }
    }
    return last;
}

} // namespace sealstream
