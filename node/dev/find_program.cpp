#include "node/dev/find_program.hpp"

#include <cstdlib>
#include <sstream>
#include <unistd.h>

namespace sealstream {

namespace {

constexpr auto debian_folder = "/usr/lib/postgresql";

bool is_program(const std::filesystem::path& path)
{
    std::error_code ignored;
    return std::filesystem::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
}

} // namespace

std::optional<std::filesystem::path> find_program(const std::string& name)
{
    std::error_code ignored;
    if (name.find('/') != std::string::npos) {
        return is_program(name) ? std::optional{std::filesystem::absolute(name, ignored)}
                                : std::nullopt;
    }
    const char* path = std::getenv("PATH");
    std::istringstream folders{path == nullptr ? "/usr/bin:/bin" : path};
    for (std::string folder; std::getline(folders, folder, ':');) {
        const auto candidate = std::filesystem::path{folder.empty() ? "." : folder} / name;
        if (is_program(candidate)) {
            return std::filesystem::absolute(candidate, ignored);
        }
    }
    return std::nullopt;
}

std::optional<std::filesystem::path> find_postgres_folder(int major)
{
    std::optional<std::filesystem::path> newest;
    int newest_major = 0;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{debian_folder, ignored}) {
        const int found = std::atoi(entry.path().filename().c_str());
        const bool is_wanted = major == 0 ? found > newest_major : found == major;
        if (is_wanted && is_program(entry.path() / "bin/initdb") &&
            is_program(entry.path() / "bin/postgres")) {
            newest = entry.path() / "bin";
            newest_major = found;
        }
    }
    if (!newest && major == 0) {
        if (const auto initdb = find_program("initdb")) {
            newest = initdb->parent_path();
        }
    }
    return newest;
}

} // namespace sealstream
