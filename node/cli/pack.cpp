#include "config/pack_folder.hpp"
#include "node/cli/commands.hpp"
#include "node/cli/new_pack.hpp"
#include "node/cli/pack_report.hpp"
#include "node/cli/pack_test.hpp"

#include <iostream>

namespace sealstream::cli {

namespace {

struct PackFlags {
    std::string folder;
    std::string other;
    bool is_json{false};
};
using FlagsPtr = std::shared_ptr<PackFlags>;

void print_check(const LoadedPack& loaded, const std::string& folder, const PackFlags& flags)
{
    std::cout << (flags.is_json ? to_json(loaded, folder) : to_text(loaded, folder));
}

int check(const PackFlags& flags)
{
    const auto loaded = load_pack_folder(flags.folder);
    print_check(loaded, flags.folder, flags);
    return loaded.pack == nullptr ? exit_rejected : exit_ok;
}

int diff(const PackFlags& flags)
{
    const auto before = load_pack_folder(flags.folder);
    const auto after = load_pack_folder(flags.other);
    if (before.pack == nullptr || after.pack == nullptr) {
        const bool is_old = before.pack == nullptr;
        print_check(is_old ? before : after, is_old ? flags.folder : flags.other, flags);
        return exit_rejected;
    }
    const auto found = diff_packs(*before.pack, *after.pack);
    std::cout << (flags.is_json ? to_json(found) : to_text(found));
    return found.is_deployable() ? exit_ok : exit_rejected;
}

int make(const PackFlags& flags)
{
    const auto made = make_new_pack(flags.folder);
    if (!made) {
        return fail(made.error());
    }
    std::cout << "made " << *made << "; next: sealstream pack check " << *made << "\n";
    return exit_ok;
}

int test(const PackFlags& flags)
{
    const auto done = run_pack_tests({flags.folder, flags.other, flags.is_json});
    return done ? *done : fail(done.error());
}

CLI::App* add_command(CLI::App& above, const char* name, const char* what, const FlagsPtr& flags,
                      int (*run)(const PackFlags&), int& code)
{
    auto* const command = above.add_subcommand(name, what);
    command->callback([flags, run, &code] { code = run(*flags); });
    return command;
}

} // namespace

void add_pack(CLI::App& app, int& code)
{
    auto* const command = app.add_subcommand("pack", "packs: domains in YAML and SQL");
    command->require_subcommand(1);
    auto flags = std::make_shared<PackFlags>();

    auto* const checking =
        add_command(*command, "check", "what is wrong with a pack, all of it", flags, &check, code);
    checking->add_option("folder", flags->folder, "where its pack.yaml is")->required();
    checking->add_flag("--json", flags->is_json, "for programs");

    auto* const comparing =
        add_command(*command, "diff", "what a new version of a pack changes", flags, &diff, code);
    comparing->add_option("old", flags->folder, "folder of the old version")->required();
    comparing->add_option("new", flags->other, "folder of the new version")->required();
    comparing->add_flag("--json", flags->is_json, "for programs");

    auto* const testing = add_command(
        *command, "test", "runs the tests of a pack on a private Postgres", flags, &test, code);
    testing->add_option("folder", flags->folder, "where its pack.yaml is")->required();
    testing->add_option("--only", flags->other, "cases whose name has this text");
    testing->add_flag("--json", flags->is_json, "for programs");

    auto* const making =
        add_command(*command, "new", "a small pack to begin with, which passes check and test",
                    flags, &make, code);
    making->add_option("folder", flags->folder, "the folder to make; its last part is the name")
        ->required();
}

} // namespace sealstream::cli
