#include "node/cli/commands.hpp"
#include "node/cli/usage.hpp"
#include "node/version.hpp"

#include <iostream>

namespace {

// What a command needs to be run: nothing, a node's URL, or the settings of the stores.
void put_in_groups(CLI::App& app)
{
    const std::pair<const char*, std::vector<const char*>> groups[] = {
        {"Run it", {"dev", "serve", "config", "doctor"}},
        {"Ask a running node (--url; TLS, certificates and tokens)",
         {"append", "tail", "policy", "invariants", "schedules"}},
        {"Look after the stores", {"verify", "keys", "projection", "replay", "outbox", "export"}},
        {"Extend it", {"pack"}}};
    for (const auto& [group, names] : groups) {
        for (const char* const name : names) {
            app.get_subcommand(name)->group(group);
        }
    }
}

} // namespace

int main(int argc, char** argv)
{
    using namespace sealstream;
    CLI::App app{"Sealstream: an event ledger that can prove itself.", "sealstream"};
    app.require_subcommand(1);
    app.set_version_flag("--version", "sealstream " + std::string{version_text});
    int code = cli::exit_ok;
    cli::add_dev(app, code);
    cli::add_serve(app, code);
    cli::add_config(app, code);
    cli::add_doctor(app, code);
    cli::add_append(app, code);
    cli::add_tail(app, code);
    cli::add_policy(app, code);
    cli::add_verify(app, code);
    cli::add_keys(app, code);
    cli::add_projection(app, code);
    cli::add_invariants(app, code);
    cli::add_replay(app, code);
    cli::add_outbox(app, code);
    cli::add_export(app, code);
    cli::add_pack(app, code);
    put_in_groups(app);
    // After the commands, which would all inherit it.
    app.footer(
        "Examples:\n"
        "  sealstream dev --data .data/dev          try everything on this machine\n"
        "  sealstream serve --config sealstream.yaml\n"
        "  sealstream tail --follow                 at http://127.0.0.1:8080\n"
        "  sealstream policy list --url https://ledger.example:8443 --ca ca.pem --token FILE\n"
        "  sealstream verify --config sealstream.yaml --key VKEY\n"
        "Exit codes: 0 ok, 2 usage, 3 not found, 4 conflict, 5 permission, 6 unavailable,\n"
        "7 rejected, 10 tampering or loss found, 11 could not decide,\n"
        "12 findings (doctor, invariants), 130 interrupted.");
    if (argc < 2) {
        std::cout << app.help();
        return cli::exit_usage;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) { // --help, --version
            return app.exit(error, std::cout, std::cerr);
        }
        std::cerr << cli::describe_usage_error(app, error);
        return cli::exit_usage;
    }
    return code;
}
