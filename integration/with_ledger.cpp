// Runs a command beside a whole private Sealstream: servers, all roles, an empty ledger. For tests
// that are written in Python or JavaScript.
//
//   with_ledger [--nodes N] [--synced] [--single-database] [--breaches] [--set key=value]… --
//   COMMAND…
//
// The command finds in its environment
//   URL ADMIN_URL     the first node's; URLS has all, separated by spaces
//   NATS_URL DATABASE VERIFIER_KEY
//   PATH              with the program's folder first, so that `sealstream verify …` is a command
//   SEALSTREAM_…      the stores, so that such commands reach them
// Ends with the command's exit code; with 1 when a role has logged an error or a sanitizer spoke;
// with 77 after a line "SKIPPED:" when there are no servers to start.

#include "integration/support/cluster.hpp"
#include "integration/support/http_client.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace sealstream::testing;

constexpr int exit_skipped = 77;

std::string url_of(int port)
{
    return "http://127.0.0.1:" + std::to_string(port);
}

void set(const char* name, const std::string& value)
{
    ::setenv(name, value.c_str(), 1);
}

void describe_in_environment(const Cluster& cluster, const ClusterOptions& options)
{
    std::string urls;
    for (const int port : cluster.node_ports()) {
        urls += (urls.empty() ? "" : " ") + url_of(port);
    }
    set("URL", url_of(cluster.node_ports().front()));
    set("URLS", urls);
    set("ADMIN_URL", url_of(cluster.admin_port()));
    set("DATABASE", cluster.database());
    set("VERIFIER_KEY", cluster.verifier_key());
    set("SEALSTREAM_POSTGRES__URI", cluster.database());
    if (options.nats_servers > 0) {
        set("NATS_URL", cluster.nats_url());
        set("SEALSTREAM_NATS__URL", cluster.nats_url());
    } else {
        set("SEALSTREAM_PROFILE", "single-database");
    }
    const std::filesystem::path binary{std::getenv("SEALSTREAM_BINARY")};
    const char* const path = std::getenv("PATH");
    set("PATH", binary.parent_path().string() + ":" + (path != nullptr ? path : ""));
}

// The projector makes the tables of the read models, which a ready node does not wait for: it
// answers 501 until then, and logs that as an error.
void wait_for_index(const Cluster& cluster)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    for (;;) {
        const auto answer = http_get(cluster.node_ports().front(), "/v1/events?type=None");
        if (answer && answer->status == 200) {
            return;
        }
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error{"the event index does not answer"};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
}

int run(const std::vector<std::string>& command)
{
    std::vector<char*> words;
    for (const std::string& word : command) {
        words.push_back(const_cast<char*>(word.c_str()));
    }
    words.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::execvp(words[0], words.data());
        std::cerr << "with_ledger: cannot run " << command.front() << std::endl;
        ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

int main(int argc, char** argv)
{
    ClusterOptions options;
    std::vector<std::string> command;
    bool is_single_database = false;
    bool has_breaches = false;
    CLI::App app{"Runs a command beside a private Sealstream"};
    app.add_option("--nodes", options.nodes, "how many nodes");
    app.add_flag("--synced", options.is_synced, "a NATS server that syncs every write");
    app.add_flag("--single-database", is_single_database, "Postgres alone");
    app.add_flag("--breaches", has_breaches, "an invariant that is breached is no failure");
    app.add_option("--set", options.settings, "more settings, key=value")->allow_extra_args(false);
    app.add_option("command", command, "what to run")->required();
    app.positionals_at_end();
    CLI11_PARSE(app, argc, argv);
    options.nats_servers = is_single_database ? 0 : 1;
    if (!Cluster::is_possible()) {
        return exit_skipped;
    }
    try {
        Cluster cluster{options};
        wait_for_index(cluster);
        const auto before = cluster.error_lines();
        describe_in_environment(cluster, options);
        const int exit_code = run(command);
        auto errors = cluster.error_lines();
        std::erase_if(errors, [&](const std::string& line) {
            return std::find(before.begin(), before.end(), line) != before.end() ||
                   (has_breaches && line.find("\"invariant.breached\"") != std::string::npos);
        });
        for (const std::string& line : errors) {
            std::cout << "logged as an error: " << line << "\n";
        }
        return exit_code == 0 && !errors.empty() ? 1 : exit_code;
    } catch (const std::exception& failure) {
        std::cout << "with_ledger: " << failure.what() << std::endl;
        return 1;
    }
}
