#include "core/base/private_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sealstream {

namespace {

constexpr std::size_t file_bytes_max = 4096;

class File {
public:
    explicit File(int descriptor) : descriptor_{descriptor} {}
    ~File()
    {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int get() const noexcept { return descriptor_; }

private:
    int descriptor_;
};

Error failure(Errc code, const std::filesystem::path& path)
{
    return {code, path.string() + ": " + std::strerror(errno)};
}

} // namespace

Result<std::string> load_private_line(const std::filesystem::path& path)
{
    const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat status {};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
        return failure(errno == EACCES ? Errc::forbidden : Errc::not_found, path);
    }
    // Asked of the open file, so that nobody can swap it in between.
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return Error{Errc::forbidden, path.string() + ": others may use it; chmod 600 it"};
    }
    std::string text(file_bytes_max, '\0');
    const ssize_t size = ::read(file.get(), text.data(), text.size());
    if (size < 0) {
        return failure(Errc::unavailable, path);
    }
    text.resize(static_cast<std::size_t>(size));
    while (text.ends_with('\n') || text.ends_with('\r')) {
        text.pop_back();
    }
    return text;
}

Result<void> save_private_line(const std::string& line, const std::filesystem::path& path)
{
    const File file{
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)};
    if (file.get() < 0) {
        return failure(errno == EEXIST ? Errc::conflict : Errc::unavailable, path);
    }
    const std::string text = line + "\n";
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.get()) != 0) {
        return failure(Errc::unavailable, path);
    }
    return {};
}

} // namespace sealstream
