#include "audit/service/signer_memory.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace sealstream {

namespace {

Error failure(const std::filesystem::path& path)
{
    return {Errc::unavailable, path.string() + ": " + std::strerror(errno)};
}

bool sync_and_close(int descriptor)
{
    const bool is_synced = ::fsync(descriptor) == 0;
    return ::close(descriptor) == 0 && is_synced;
}

} // namespace

Result<std::string> load_note(const std::filesystem::path& path)
{
    std::error_code failed;
    if (!std::filesystem::exists(path, failed) && !failed) {
        return std::string{};
    }
    std::ifstream file{path, std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (!file.good() && !file.eof()) {
        return failure(path);
    }
    return text;
}

Result<void> save_note(const std::filesystem::path& path, std::string_view note)
{
    const std::filesystem::path fresh = path.string() + ".new";
    const int file =
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0) {
        return failure(fresh);
    }
    const bool is_written =
        ::write(file, note.data(), note.size()) == static_cast<ssize_t>(note.size());
    if (!sync_and_close(file) || !is_written || ::rename(fresh.c_str(), path.c_str()) != 0) {
        return failure(fresh);
    }
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
    const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || !sync_and_close(directory)) {
        return failure(folder);
    }
    return {};
}

} // namespace sealstream
