#include "node/dev/import/machine_history.hpp"

#include "core/base/log.hpp"
#include "core/event/digest.hpp"
#include "node/dev/child_process.hpp"
#include "node/dev/find_program.hpp"
#include "node/dev/import/dpkg_log.hpp"
#include "node/dev/import/dpkg_status.hpp"
#include "node/dev/import/git_log.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sys/stat.h>

namespace sealstream {

namespace {

namespace fs = std::filesystem;

constexpr milliseconds program_wait{60'000};

std::string read_at_most(const fs::path& file, std::size_t bytes_max)
{
    std::error_code failed;
    const auto size = fs::file_size(file, failed);
    std::string text(failed ? 0 : std::min<std::size_t>(size, bytes_max), '\0');
    std::ifstream input{file, std::ios::binary};
    input.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(input.gcount(), 0)));
    return text;
}

// What a program writes; empty when it is not there or fails.
std::string output_of(const std::string& program, std::vector<std::string> arguments,
                      std::size_t bytes_max)
{
    const auto found = find_program(program);
    std::string pattern = (fs::temp_directory_path() / "sealstream-import-XXXXXX").string();
    if (!found || mkdtemp(pattern.data()) == nullptr) {
        return {};
    }
    const fs::path folder{pattern};
    arguments.insert(arguments.begin(), found->string());
    ChildOptions options{.name = program,
                         .command = std::move(arguments),
                         .log_file = folder / "output",
                         .error_file = folder / "errors"};
    const auto done = run_to_end(std::move(options), program_wait);
    std::string text;
    if (done) {
        text = read_at_most(folder / "output", bytes_max);
    } else {
        log(Level::warn, "import.source_skipped", "dev",
            {{"program", program}, {"why", last_lines(folder / "errors", 1)}});
    }
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    return text;
}

// dpkg.log, dpkg.log.1, dpkg.log.2.gz …: the highest number is the oldest.
std::vector<fs::path> dpkg_logs_oldest_first(const fs::path& folder)
{
    std::vector<std::pair<int, fs::path>> numbered;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{folder, ignored}) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("dpkg.log")) {
            const auto dot = name.find_first_of("0123456789");
            const int number = dot == std::string::npos ? 0 : std::atoi(name.c_str() + dot);
            numbered.emplace_back(-number, entry.path());
        }
    }
    std::sort(numbered.begin(), numbered.end());
    std::vector<fs::path> files;
    for (auto& [order, path] : numbered) {
        files.push_back(std::move(path));
    }
    return files;
}

void add_dpkg(const MachineHistoryOptions& options, EventMaker& maker,
              std::vector<ImportedEvent>& events)
{
    for (const fs::path& file : dpkg_logs_oldest_first(options.log_folder)) {
        const std::string text =
            file.extension() == ".gz"
                ? output_of("gzip", {"-dc", file.string()}, options.input_bytes_max)
                : read_at_most(file, options.input_bytes_max);
        parse_dpkg_log(text, maker, &system_local_time, events);
    }
    if (events.size() < options.log_events_enough) {
        parse_dpkg_status(read_at_most(options.status_file, options.input_bytes_max), maker,
                          events);
    }
}

void add_git(const MachineHistoryOptions& options, EventMaker& maker,
             std::vector<ImportedEvent>& events)
{
    std::error_code failed;
    const auto checkout = fs::canonical(options.checkout, failed);
    if (failed || !fs::exists(checkout / ".git", failed)) {
        return;
    }
    // The checkout may belong to another user than root, who runs this; git would refuse to read
    // it.
    std::vector<std::string> arguments{"-c", "safe.directory=" + checkout.string(), "-C",
                                       checkout.string()};
    for (std::string& argument : git_log_arguments()) {
        arguments.push_back(std::move(argument));
    }
    const std::string text = output_of("git", std::move(arguments), options.input_bytes_max);
    parse_git_log(text, checkout.filename().string(), maker, events);
}

Result<Salt> salt_seed(const fs::path& file)
{
    Salt seed{};
    if (file.empty()) {
        return seed;
    }
    std::ifstream input{file, std::ios::binary};
    if (input.read(reinterpret_cast<char*>(seed.data()), seed.size())) {
        return seed;
    }
    fill_random(seed);
    std::ofstream{file, std::ios::trunc};
    chmod(file.c_str(), S_IRUSR | S_IWUSR);
    std::ofstream output{file, std::ios::binary | std::ios::trunc};
    output.write(reinterpret_cast<const char*>(seed.data()), seed.size());
    output.close();
    if (!output) {
        return Error{Errc::unavailable, "can not write " + file.string()};
    }
    return seed;
}

} // namespace

Result<std::vector<ImportedEvent>> read_machine_history(const MachineHistoryOptions& options)
{
    SEAL_TRY(seed, salt_seed(options.salt_file));
    EventMaker maker{seed};
    std::vector<ImportedEvent> events;
    add_dpkg(options, maker, events);
    add_git(options, maker, events);
    sort_by_time(events, options.events_max);
    return events;
}

} // namespace sealstream
