#pragma once

// A file with a key set that vanishes with the test.

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace sealstream::testing {

class KeyFile {
public:
    explicit KeyFile(const std::string& text)
    {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "seal-keys-XXXXXX").string();
        ::close(::mkstemp(pattern.data()));
        path_ = pattern;
        write(text);
    }
    ~KeyFile() { std::filesystem::remove(path_); }
    KeyFile(const KeyFile&) = delete;
    KeyFile& operator=(const KeyFile&) = delete;
    void write(const std::string& text) const { std::ofstream{path_} << text; }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

} // namespace sealstream::testing
