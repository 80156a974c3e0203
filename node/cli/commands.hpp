#pragma once

// The command line: one function a command, each adds itself to the tree and returns its exit code.
//
//   0 ok · 1 unexpected · 2 usage · 3 not found · 4 conflict · 5 permission · 6 unavailable · 7
//   rejected 10 tampering or loss found · 11 could not decide · 130 interrupted

#include "config/load.hpp"
#include "core/base/error.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace sealstream::cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_unexpected = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_tampered = 10;
inline constexpr int exit_undecided = 11;

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

// Says on standard error what went wrong, and returns the exit code for it.
[[nodiscard]] int fail(const Error& error);

// Each adds its command; the chosen one puts its exit code into `code`.
void add_serve(CLI::App& app, int& code);
void add_dev(CLI::App& app, int& code);
void add_verify(CLI::App& app, int& code);
void add_keys(CLI::App& app, int& code);
void add_projection(CLI::App& app, int& code);
void add_outbox(CLI::App& app, int& code);
void add_config(CLI::App& app, int& code);

} // namespace sealstream::cli
