#include "integration/support/cluster.hpp"

#include "integration/support/free_port.hpp"
#include "integration/support/http_client.hpp"
#include "integration/support/ledger_view.hpp"

#include <boost/json/parse.hpp>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace sealstream::testing {

namespace {

constexpr std::chrono::milliseconds look_again{50};

std::string binary()
{
    const char* const path = std::getenv("SEALSTREAM_BINARY"); // set by ctest
    return path != nullptr ? path : "";
}

std::unique_ptr<NatsServers> nats_for(const ClusterOptions& options)
{
    NatsOptions nats;
    nats.servers = options.nats_servers;
    nats.is_synced = options.is_synced;
    nats.can_part = options.can_part;
    return nats.servers > 0 ? std::make_unique<NatsServers>(nats) : nullptr;
}

// Where Postgres is the log, it must keep what it has committed.
PostgresServerOptions postgres_for(const ClusterOptions& options)
{
    PostgresServerOptions postgres;
    postgres.is_synced = options.nats_servers == 0;
    return postgres;
}

} // namespace

std::string name(Member member)
{
    switch (member) {
    case Member::node:
        return "node";
    case Member::projector:
        return "projector";
    case Member::auditor:
        return "auditor";
    case Member::nats:
        return "nats-server";
    case Member::postgres:
        return "Postgres";
    case Member::relay:
        return "relay";
    }
    return {};
}

bool Cluster::is_possible()
{
    std::string missing;
    missing += binary().empty() ? " SEALSTREAM_BINARY" : "";
    missing += NatsServers::is_installed() ? "" : " nats-server";
    missing += PostgresServer::is_installed() ? "" : " Postgres";
    if (!missing.empty()) {
        std::cout << "SKIPPED: there is no" << missing << std::endl;
    }
    return missing.empty();
}

Cluster::Cluster(ClusterOptions options)
    : options_{std::move(options)},
      nats_{nats_for(options_)},
      postgres_{postgres_for(options_)},
      database_{postgres_.create_database()}
{
    make_key("main");
    for (const std::string& ledger : options_.other_ledgers) {
        make_key(ledger);
    }
    for (const auto& [member, count] : {std::pair{Member::projector, options_.projectors},
                                        {Member::auditor, options_.auditors},
                                        {Member::relay, options_.relays},
                                        {Member::node, options_.nodes}}) {
        for (std::size_t number = 0; number < count; ++number) {
            Role role{member, name(member) + std::to_string(number), free_port(), free_port(), {}};
            role.process = Process{{command_of(role), folder_.path() / (role.name + ".log"), {}}};
            roles_.push_back(std::move(role));
        }
    }
    wait_until_ready();
}

void Cluster::make_key(const std::string& ledger)
{
    const auto made = run_to_end({binary(), "keys", "generate", "--origin",
                                  "test.example/ledger/" + ledger, "--out", key_file(ledger)},
                                 folder_.path());
    if (made.exit_code != 0) {
        throw std::runtime_error{"no key: " + made.log};
    }
    verifier_keys_[ledger] = made.output.substr(0, made.output.find('\n'));
}

std::string Cluster::key_file(const std::string& ledger) const
{
    return (folder_.path() / (ledger + ".key")).string();
}

std::vector<std::string> Cluster::with_settings(std::vector<std::string> command) const
{
    std::vector<std::string> settings{"ledger.chain=deal", "postgres.uri=" + database_};
    if (nats_ != nullptr) {
        settings.push_back("nats.url=" + nats_->url());
        settings.push_back("nats.replicas=" + std::to_string(nats_->count()));
        settings.push_back("nats.duplicate_window_s=" +
                           std::to_string(options_.duplicate_window.count()));
        settings.push_back(std::string{"nats.synced="} + (options_.is_synced ? "true" : "false"));
    } else {
        settings.emplace_back("profile=single-database");
    }
    std::string others;
    for (const std::string& ledger : options_.other_ledgers) {
        others += (others.empty() ? "" : ",") + ledger;
        settings.push_back("ledgers." + ledger + ".auditor.key_file=" + key_file(ledger));
    }
    if (!others.empty()) {
        settings.push_back("other_ledgers=" + others);
    }
    settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
    for (const std::string& setting : settings) {
        command.insert(command.end(), {"--set", setting});
    }
    return command;
}

std::vector<std::string> Cluster::command_of(const Role& role) const
{
    std::vector<std::string> command{binary(), "serve", "--set", "roles=" + name(role.member)};
    if (role.member == Member::node) {
        command.insert(command.end(),
                       {"--set", "http.listen=127.0.0.1:" + std::to_string(role.port), "--set",
                        "http.admin_listen=127.0.0.1:" + std::to_string(role.admin_port)});
    }
    if (role.member == Member::auditor) {
        command.insert(command.end(),
                       {"--set", "auditor.key_file=" + key_file("main"), "--set",
                        "auditor.checkpoint_ms=100", "--set", "auditor.heartbeat_ms=3000"});
    }
    return with_settings(std::move(command));
}

const Cluster::Role& Cluster::role(Member member, std::size_t number) const
{
    for (const Role& one : roles_) {
        if (one.member == member && number-- == 0) {
            return one;
        }
    }
    throw std::runtime_error{"there is no such " + name(member)};
}

Process& Cluster::process(Member member, std::size_t number)
{
    return const_cast<Role&>(role(member, number)).process; // we are not const
}

std::size_t Cluster::count(Member member) const
{
    switch (member) {
    case Member::node:
        return options_.nodes;
    case Member::projector:
        return options_.projectors;
    case Member::auditor:
        return options_.auditors;
    case Member::relay:
        return options_.relays;
    case Member::nats:
        return nats_ != nullptr ? nats_->count() : 0;
    case Member::postgres:
        return 1;
    }
    return 0;
}

void Cluster::kill(Member member, std::size_t number)
{
    if (member == Member::nats) {
        nats_->kill(number);
    } else if (member == Member::postgres) {
        postgres_.kill();
    } else {
        process(member, number).kill();
    }
}

void Cluster::start(Member member, std::size_t number)
{
    if (member == Member::nats) {
        nats_->start(number);
    } else if (member == Member::postgres) {
        postgres_.start();
    } else {
        process(member, number).start();
    }
}

std::vector<int> Cluster::node_ports() const
{
    std::vector<int> ports;
    for (const Role& one : roles_) {
        if (one.member == Member::node) {
            ports.push_back(one.port);
        }
    }
    return ports;
}

int Cluster::admin_port(std::size_t node) const
{
    return role(Member::node, node).admin_port;
}

void Cluster::wait_until_ready(std::chrono::seconds longest)
{
    const auto deadline = std::chrono::steady_clock::now() + longest;
    for (const Role& one : roles_) {
        std::string seen = "no answer";
        while (one.member == Member::node) {
            if (const auto answer = http_get(one.admin_port, "/readyz")) {
                seen = answer->head + answer->body;
                if (answer->status == 200) {
                    break;
                }
            }
            if (std::chrono::steady_clock::now() > deadline) {
                throw std::runtime_error{one.name + " does not get ready: " + seen + last_words()};
            }
            std::this_thread::sleep_for(look_again);
        }
    }
}

void Cluster::wait_until_caught_up(std::chrono::seconds longest)
{
    const auto deadline = std::chrono::steady_clock::now() + longest;
    while (true) {
        const auto verified = verify();
        std::string seen = verified.output + verified.log;
        if (verified.exit_code == 0) {
            const auto report = json_of(verified);
            const auto head = report.at("head");
            const std::string cursor = std::to_string(LedgerView{*this}.cursor().value);
            seen += "index at " + cursor;
            if (report.at("signed_to") == head && report.at("unsealed").to_number<int>() == 0 &&
                head.as_string() == boost::json::string_view{cursor}) {
                return;
            }
        }
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error{"not caught up: " + seen + last_words()};
        }
        std::this_thread::sleep_for(look_again * 4);
    }
}

Finished Cluster::run(std::vector<std::string> command) const
{
    command.insert(command.begin(), binary());
    return run_to_end(with_settings(std::move(command)), folder_.path());
}

Finished Cluster::verify() const
{
    return run({"verify", "--json", "--key", verifier_key()});
}

std::string Cluster::last_words() const
{
    std::string words;
    for (const Role& one : roles_) {
        words += "\n--- " + one.name + "\n" + one.process.last_log_lines();
    }
    return words;
}

std::vector<std::string> Cluster::error_lines() const
{
    std::vector<std::string> lines;
    for (const Role& one : roles_) {
        std::istringstream log{one.process.log_text()};
        for (std::string line; std::getline(log, line);) {
            if (line.find("\"level\":\"error\"") != std::string::npos ||
                line.find("Sanitizer") != std::string::npos ||
                line.find(": runtime error: ") != std::string::npos) {
                lines.push_back(one.name + ": " + line);
            }
        }
    }
    return lines;
}

boost::json::object json_of(const Finished& finished)
{
    boost::system::error_code failed;
    const auto document = boost::json::parse(finished.output, failed);
    if (failed || !document.is_object()) {
        throw std::runtime_error{"not a JSON object: " + finished.output + finished.log};
    }
    return document.as_object();
}

} // namespace sealstream::testing
