#pragma once

// A whole Sealstream: private nats-servers, a private Postgres, and one process for each role, on
// ports of their own, with a key of their own. Everything can be killed and started again. What
// goes wrong here is thrown as std::runtime_error that says what was last seen.

#include "integration/support/nats_server.hpp"
#include "integration/support/postgres_server.hpp"
#include "integration/support/process.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <memory>

namespace sealstream::testing {

struct ClusterOptions {
    int nats_servers{1}; // three: copies on all; 0: the profile that has Postgres alone
    bool is_synced{false};
    bool can_part{false};                       // NatsServers::isolate()
    std::chrono::seconds duplicate_window{600}; // of NATS
    std::size_t nodes{1};
    std::size_t projectors{1};
    std::size_t auditors{1};
    std::size_t relays{0};
    std::vector<std::string> settings{}; // more "key=value"
    std::vector<std::string> other_ledgers{};
};

enum class Member : std::uint8_t { node, projector, auditor, nats, postgres, relay };
inline constexpr std::size_t member_kinds = 6;

[[nodiscard]] std::string name(Member member);

class Cluster {
public:
    // False, after saying "SKIPPED:", when there is nothing to test with.
    [[nodiscard]] static bool is_possible();

    explicit Cluster(ClusterOptions options = {}); // returns when all nodes are ready
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    void kill(Member member, std::size_t number = 0);
    void start(Member member, std::size_t number = 0);
    [[nodiscard]] std::size_t count(Member member) const;
    [[nodiscard]] Process& process(Member member, std::size_t number = 0);
    [[nodiscard]] NatsServers& nats() noexcept { return *nats_; }

    [[nodiscard]] std::vector<int> node_ports() const;
    [[nodiscard]] int admin_port(std::size_t node = 0) const;
    [[nodiscard]] std::chrono::seconds duplicate_window() const noexcept
    {
        return options_.duplicate_window;
    }
    [[nodiscard]] std::string nats_url() const { return nats_->url(); }
    [[nodiscard]] const std::string& database() const noexcept { return database_; }
    [[nodiscard]] const std::string& verifier_key(const std::string& ledger = "main") const
    {
        return verifier_keys_.at(ledger);
    }

    void wait_until_ready(std::chrono::seconds longest = std::chrono::seconds{60});

    // Everything in the log is in the event index, and under a checkpoint.
    void wait_until_caught_up(std::chrono::seconds longest = std::chrono::seconds{90});

    // A command of the program on these servers, such as {"verify", "--json"}.
    [[nodiscard]] Finished run(std::vector<std::string> command) const;
    [[nodiscard]] Finished verify() const; // with --json and our key

    // Lines of the log with level "error", and what sanitizers found, of all processes since they
    // were first started.
    [[nodiscard]] std::vector<std::string> error_lines() const;

private:
    struct Role {
        Member member;
        std::string name;
        int port{0}; // nodes
        int admin_port{0};
        Process process;
    };

    [[nodiscard]] std::vector<std::string> command_of(const Role& role) const;
    [[nodiscard]] std::vector<std::string> with_settings(std::vector<std::string> command) const;
    [[nodiscard]] const Role& role(Member member, std::size_t number) const;
    [[nodiscard]] std::string last_words() const;
    void make_key(const std::string& ledger);
    [[nodiscard]] std::string key_file(const std::string& ledger) const;

    ClusterOptions options_;
    TestFolder folder_{"cluster"};
    std::unique_ptr<NatsServers> nats_; // none in the single-database profile
    PostgresServer postgres_;
    std::string database_;
    std::map<std::string, std::string> verifier_keys_; // by ledger
    std::vector<Role> roles_;
};

// The one JSON object that a command prints.
[[nodiscard]] boost::json::object json_of(const Finished& finished);

} // namespace sealstream::testing
