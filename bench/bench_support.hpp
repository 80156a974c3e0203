#pragma once

// What the programs of `./dev bench` share: rows beside their baselines, and children.

#include "integration/support/nats_server.hpp"

#include <boost/json/object.hpp>

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace sealstream::bench {

struct Row {
    std::string name;
    double value{0};
    std::string unit{"events/s"};
    double baseline{0};
    double target{0}; // of the ratio; 0 when there is none
};

void print_head(std::size_t payload_bytes);
void print(const Row& row, bool is_json);
// A baseline that can not be had here.
void print_missing(const std::string& name, const std::string& reason, bool is_json);

// A child that dies with us; its standard error goes to `log`.
class Child {
public:
    Child(const std::vector<std::string>& command, const std::filesystem::path& log);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

private:
    pid_t process_{-1};
};

// A node on these servers, listening.
class NodeProcess {
public:
    NodeProcess(const std::filesystem::path& programs, const testing::NatsServers& nats,
                bool is_synced, int replicas = 1);

    [[nodiscard]] const std::string& port() const noexcept { return port_; }

private:
    std::filesystem::path log_;
    Child child_;
    std::string port_;
};

// The folder of the running program; the others are beside it.
[[nodiscard]] std::filesystem::path programs_folder();

struct Ended {
    int exit_code{0};
    std::string output;
};
[[nodiscard]] Ended run(const std::string& command);

// The JSON objects that a command prints, a line each; says so when it fails.
[[nodiscard]] std::vector<boost::json::object> run_json(const std::string& command);
[[nodiscard]] double number_at(const boost::json::object& object, const char* key);

} // namespace sealstream::bench
