#include "node/cli/pack_test.hpp"

#include "config/document_yaml.hpp"
#include "config/pack_folder.hpp"
#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "node/cli/commands.hpp"
#include "node/cli/pack_report.hpp"
#include "node/cli/pack_test_case.hpp"
#include "node/dev/dev_postgres.hpp"
#include "node/wiring.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <iostream>
#include <unistd.h>

namespace sealstream::cli {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// A folder that ends with its owner.
class TemporaryFolder {
public:
    TemporaryFolder()
    {
        std::string name = (fs::temp_directory_path() / "sealstream-pack-test-XXXXXX").string();
        if (::mkdtemp(name.data()) != nullptr) {
            path_ = name;
        }
    }
    ~TemporaryFolder()
    {
        std::error_code ignored;
        if (!path_.empty()) {
            fs::remove_all(path_, ignored);
        }
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const fs::path& path() const { return path_; }

private:
    fs::path path_; // empty: it could not be made
};

struct Outcome {
    PackCase wanted;
    std::vector<std::string> told; // empty: it holds
};

Settings settings_for(const std::string& folder, const std::string& conninfo, std::size_t number,
                      const PackNeeds& needs)
{
    Settings settings;
    settings.ledger.codec = needs.codec.value_or(settings.ledger.codec);
    settings.profile = Profile::single_database;
    settings.roles = {true, true, false, false};
    settings.ledger.name = "case" + std::to_string(number);
    settings.packs.enabled = {fs::absolute(folder).string() + "=/"};
    settings.packs.has_invariants = false; // only where a case asks for it
    settings.packs.has_schedules = false;
    settings.postgres.options.uri = conninfo;
    settings.http.address = "127.0.0.1";
    settings.http.admin_address = "127.0.0.1";
    return settings;
}

struct Inside {
    static Task<void> run(Parts& parts, CaseWorld& world, const PackCase& wanted,
                          Result<std::vector<std::string>>& to)
    {
        auto url = NodeUrl::parse(parts.url());
        if (url) {
            world.url = std::move(*url);
            world.clock = &parts.clock();
            PackCase copy = wanted;
            to = co_await run_case(world, std::move(copy));
        } else {
            to = url.error();
        }
        parts.stop();
    }
};

Result<std::vector<std::string>> try_case(const Settings& settings, const PackPtr& pack,
                                          Connection& database, const PackCase& wanted)
{
    CaseWorld world{{}, settings.ledger.name, pack, &database, nullptr};
    Result<std::vector<std::string>> told{std::vector<std::string>{}};
    const auto ended = run_process(
        settings, [&](Parts& parts) { return Inside::run(parts, world, wanted, told); });
    if (!ended) {
        return ended.error();
    }
    return told;
}

void print_outcome(const Outcome& outcome)
{
    std::cout << (outcome.told.empty() ? "ok    " : "FAIL  ") << outcome.wanted.name << " ("
              << outcome.wanted.file << ":" << outcome.wanted.place.line << ")\n";
    for (const auto& line : outcome.told) {
        std::cout << "      " << line << "\n";
    }
    std::cout << std::flush;
}

void print_json(const std::vector<Outcome>& outcomes)
{
    json::array all;
    for (const auto& outcome : outcomes) {
        json::array told;
        for (const auto& line : outcome.told) {
            told.push_back(json::value(std::string_view{line}));
        }
        all.push_back(json::object{{"case", outcome.wanted.name},
                                   {"file", outcome.wanted.file},
                                   {"line", outcome.wanted.place.line},
                                   {"passed", outcome.told.empty()},
                                   {"differences", std::move(told)}});
    }
    std::cout << json::serialize(json::object{{"cases", std::move(all)}}) << "\n";
}

Result<std::vector<Outcome>> try_all(const PackTestFlags& flags, const PackPtr& pack,
                                     std::vector<PackCase> cases)
{
    const TemporaryFolder folder;
    if (folder.path().empty()) {
        return Error{Errc::unavailable, "no temporary folder can be made"};
    }
    DevPostgresOptions options;
    options.folder = folder.path() / "postgres";
    options.is_synced = false;
    SEAL_TRY(postgres, DevPostgres::start(options));
    PostgresOptions session;
    session.uri = postgres.conninfo();
    SEAL_TRY(database, Connection::open(session));
    std::vector<Outcome> outcomes;
    for (auto& wanted : cases) {
        const auto settings =
            settings_for(flags.folder, postgres.conninfo(), outcomes.size() + 1, pack->needs);
        SEAL_TRY(told, try_case(settings, pack, *database, wanted));
        outcomes.push_back({std::move(wanted), std::move(told)});
        if (!flags.is_json) {
            print_outcome(outcomes.back());
        }
    }
    postgres.stop();
    return outcomes;
}

} // namespace

Result<int> run_pack_tests(const PackTestFlags& flags)
{
    auto loaded = load_pack_folder(flags.folder);
    const auto files = read_pack_files(flags.folder);
    PackCases read;
    if (files) {
        read = read_cases(*files, parse_yaml_document);
        loaded.problems.insert(loaded.problems.end(), read.problems.begin(), read.problems.end());
    }
    if (loaded.pack == nullptr || !loaded.problems.empty()) {
        loaded.pack = nullptr;
        std::cout << (flags.is_json ? to_json(loaded, flags.folder)
                                    : to_text(loaded, flags.folder));
        return exit_rejected;
    }
    std::erase_if(read.cases, [&](const PackCase& one) {
        return one.name.find(flags.only) == std::string::npos;
    });
    set_log_level(Level::error);
    SEAL_TRY(outcomes, try_all(flags, loaded.pack, std::move(read.cases)));
    const auto failed = std::count_if(outcomes.begin(), outcomes.end(),
                                      [](const Outcome& one) { return !one.told.empty(); });
    if (flags.is_json) {
        print_json(outcomes);
    } else {
        std::cout << outcomes.size() << " cases, " << failed << " failed\n";
    }
    return failed == 0 ? exit_ok : exit_rejected;
}

} // namespace sealstream::cli
