#include "audit/service/key_file.hpp"
#include "node/cli/commands.hpp"
#include "postgres/retention/wrapping_key_file.hpp"

#include <iostream>

namespace sealstream::cli {

void add_keys(CLI::App& app, int& code)
{
    auto* const command = app.add_subcommand(
        "keys", "the keys that sign checkpoints, and the one that wraps the keys of payloads");
    command->require_subcommand(1);

    auto origin = std::make_shared<std::string>();
    auto file = std::make_shared<std::string>();
    auto* const generate = command->add_subcommand(
        "generate", "make a signing key; prints the verifier key to hand out");
    generate->add_option("--origin", *origin, "the log's name, such as example.org/ledger/main")
        ->required();
    generate->add_option("--out", *file, "the file for the private key; never overwritten")
        ->required();
    generate->callback([origin, file, &code] {
        const auto key = SigningKey::generate(*origin);
        if (!key) {
            code = fail(key.error());
            return;
        }
        const auto saved = save_signing_key(*key, *file);
        if (!saved) {
            code = fail(saved.error());
            return;
        }
        std::cout << key->verifier().to_string() << std::endl;
    });

    auto* const wrapping = command->add_subcommand(
        "wrapping", "make the key that wraps the keys of payloads (retention.key_file)");
    wrapping->add_option("--out", *file, "the file for it; never overwritten")->required();
    wrapping->callback([file, &code] {
        const WrappingKey key = WrappingKey::generate();
        const auto saved = save_wrapping_key(key, *file);
        if (!saved) {
            code = fail(saved.error());
            return;
        }
        std::cout << key.name() << std::endl;
    });

    auto* const show = command->add_subcommand("show", "print the verifier key of a signing key");
    show->add_option("file", *file, "the private key's file")->required();
    show->callback([file, &code] {
        const auto key = load_signing_key(*file);
        if (!key) {
            code = fail(key.error());
            return;
        }
        std::cout << key->verifier().to_string() << std::endl;
    });
}

} // namespace sealstream::cli
