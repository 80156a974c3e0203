#pragma once

// The command line: one function a command, each adds itself to the tree and returns its exit code.
//
//   0 ok · 1 unexpected · 2 usage · 3 not found · 4 conflict · 5 permission · 6 unavailable · 7
//   rejected 10 tampering or loss found · 11 could not decide · 12 findings of doctor, or a
//   breached invariant · 130 interrupted

#include "config/load.hpp"
#include "core/async/awaitable.hpp"
#include "core/base/error.hpp"
#include "node/cli/node_access.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace sealstream::cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_unexpected = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_permission = 5;
inline constexpr int exit_rejected = 7;
inline constexpr int exit_tampered = 10;
inline constexpr int exit_undecided = 11;
inline constexpr int exit_findings = 12; // of doctor; an invariant is breached

// --config and --set, which most commands take; --timeout for those that reach stores.
struct SettingsFlags {
    std::string file;
    std::vector<std::string> set;
    std::string ledger;
    double timeout_seconds{10};

    void add_to(CLI::App& command);
    void add_ledger_to(CLI::App& command); // of commands that work on one ledger
    void add_timeout_to(CLI::App& command);
    [[nodiscard]] std::chrono::milliseconds timeout() const;
    [[nodiscard]] Result<LoadedSettings> load() const;
};

// --url and what else a client of a node needs. Secrets are in files, or in SEALSTREAM_TOKEN: the
// command line shows in every process list.
struct NodeFlags {
    std::string url{"http://127.0.0.1:8080"};
    std::string ca_file;
    std::string certificate_file;
    std::string key_file;
    std::string token_file;
    bool has_plaintext{false};
    double timeout_seconds{60};
    unsigned tries{8};

    void add_to(CLI::App& command);
    void add_address_to(CLI::App& command); // without --tries: of what is asked once
    // Looks at no file yet.
    //   malformed, refused
    [[nodiscard]] Result<NodeAccess> access() const;
};

// Runs one task on an I/O context of its own and returns its exit code.
[[nodiscard]] int run_alone(Task<int> task);

// Says on standard error what went wrong, and returns the exit code for it.
[[nodiscard]] int fail(const Error& error);

// Each adds its command; the chosen one puts its exit code into `code`.
void add_serve(CLI::App& app, int& code);
void add_dev(CLI::App& app, int& code);
void add_verify(CLI::App& app, int& code);
void add_keys(CLI::App& app, int& code);
void add_projection(CLI::App& app, int& code);
void add_projection_orders(CLI::App& command, int& code); // below `projection`, through a node
void add_restore(CLI::App& command, int& code);           // below `projection`
void add_replay(CLI::App& app, int& code);
void add_outbox(CLI::App& app, int& code);
void add_invariants(CLI::App& app, int& code); // and schedules
void add_config(CLI::App& app, int& code);
void add_doctor(CLI::App& app, int& code);
void add_tail(CLI::App& app, int& code);
void add_policy(CLI::App& app, int& code);
void add_append(CLI::App& app, int& code);
void add_pack(CLI::App& app, int& code);
void add_export(CLI::App& app, int& code);

} // namespace sealstream::cli
