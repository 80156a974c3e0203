#include "node/segments/disk_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>
#include <zlib.h>

namespace sealstream {

namespace {

constexpr std::size_t chunk_bytes = 1 << 20;

class Descriptor {
public:
    Descriptor(const std::filesystem::path& path, int flags)
        : number_{::open(path.c_str(), flags | O_CLOEXEC, 0640)}
    {
    }
    ~Descriptor()
    {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const noexcept { return number_; }

private:
    int number_;
};

Error failure(const std::filesystem::path& path)
{
    return {Errc::unavailable, path.string() + ": " + std::strerror(errno)};
}

Result<void> write_all(const std::filesystem::path& path, int flags, const std::string& text)
{
    const Descriptor file{path, O_WRONLY | O_CREAT | flags};
    if (file.get() < 0) {
        return failure(path);
    }
    for (std::size_t at = 0; at < text.size();) {
        const ssize_t written = ::write(file.get(), text.data() + at, text.size() - at);
        if (written < 0 && errno != EINTR) {
            return failure(path);
        }
        at += written > 0 ? static_cast<std::size_t>(written) : 0;
    }
    return ::fsync(file.get()) == 0 ? Result<void>{} : failure(path);
}

// A name is on disk when its folder is.
Result<void> sync_folder_of(const std::filesystem::path& path)
{
    const Descriptor folder{path.parent_path(), O_RDONLY | O_DIRECTORY};
    const bool is_synced = folder.get() >= 0 && ::fsync(folder.get()) == 0;
    return is_synced ? Result<void>{} : failure(path);
}

} // namespace

Result<std::string> read_file(const std::filesystem::path& path)
{
    std::ifstream file{path, std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (!file.good() && !file.eof()) {
        return failure(path);
    }
    return text;
}

Result<void> append_to_file(const std::filesystem::path& path, const std::string& text)
{
    SEAL_TRY_VOID(write_all(path, O_APPEND, text));
    return sync_folder_of(path);
}

Result<void> replace_file(const std::filesystem::path& path, const std::string& text)
{
    std::filesystem::path made = path;
    made += ".new";
    SEAL_TRY_VOID(write_all(made, O_TRUNC, text));
    if (::rename(made.c_str(), path.c_str()) != 0) {
        return failure(path);
    }
    return sync_folder_of(path);
}

Result<void> cut_file(const std::filesystem::path& path, std::uint64_t bytes)
{
    const Descriptor file{path, O_RDWR};
    struct stat status {};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
        return failure(path);
    }
    if (static_cast<std::uint64_t>(status.st_size) < bytes) {
        return Error{Errc::corrupt, path.string() + " has " + std::to_string(status.st_size) +
                                        " bytes, and had " + std::to_string(bytes)};
    }
    const bool is_cut =
        ::ftruncate(file.get(), static_cast<off_t>(bytes)) == 0 && ::fsync(file.get()) == 0;
    return is_cut ? Result<void>{} : failure(path);
}

Result<std::uint64_t> compress_file(const std::filesystem::path& from,
                                    const std::filesystem::path& to)
{
    std::ifstream text{from, std::ios::binary};
    gzFile const compressed = text ? ::gzopen(to.c_str(), "wb6e") : nullptr;
    if (compressed == nullptr) {
        return failure(text ? to : from);
    }
    std::vector<char> chunk(chunk_bytes);
    bool is_good = true;
    while (is_good && text) {
        text.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        const auto count = static_cast<unsigned>(text.gcount());
        is_good = count == 0 || ::gzwrite(compressed, chunk.data(), count) > 0;
    }
    is_good = ::gzclose(compressed) == Z_OK && is_good && text.eof();
    const Descriptor file{to, O_RDWR};
    struct stat status {};
    is_good =
        is_good && file.get() >= 0 && ::fsync(file.get()) == 0 && ::fstat(file.get(), &status) == 0;
    if (!is_good) {
        return failure(to);
    }
    SEAL_TRY_VOID(sync_folder_of(to));
    return static_cast<std::uint64_t>(status.st_size);
}

} // namespace sealstream
