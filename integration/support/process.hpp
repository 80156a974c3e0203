#pragma once

// A program under test: started with its output in a file, killed, paused, asked to stop. It dies
// with the test. What goes wrong here is thrown as std::runtime_error with its last log lines.

#include <chrono>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace sealstream::testing {

struct ProcessOptions {
    std::vector<std::string> command; // a program by its path, and its arguments
    std::filesystem::path log_file;   // standard error, and without output_file output too
    std::filesystem::path output_file{};
};

class Process {
public:
    Process() = default; // none
    explicit Process(ProcessOptions options);
    ~Process() { kill(); }
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;

    void start(); // after it has ended
    void kill();  // SIGKILL; returns when it is gone
    void signal(int number) const;

    // SIGTERM, then its exit code; 128 + the signal that ended it.
    [[nodiscard]] int stop(std::chrono::seconds longest = std::chrono::seconds{30});
    [[nodiscard]] int wait(std::chrono::seconds longest);

    [[nodiscard]] bool is_running();
    [[nodiscard]] std::string log_text() const;
    [[nodiscard]] std::string last_log_lines(std::size_t bytes = 3'000) const;

private:
    [[nodiscard]] bool has_ended();

    ProcessOptions options_;
    pid_t process_{-1};
    int exit_code_{0};
};

struct Finished {
    int exit_code{0};
    std::string output;
    std::string log; // standard error
};

// Runs a program to its end.
[[nodiscard]] Finished run_to_end(std::vector<std::string> command,
                                  const std::filesystem::path& folder,
                                  std::chrono::seconds longest = std::chrono::seconds{120});

[[nodiscard]] std::string text_of(const std::filesystem::path& file);

// A new folder that is removed with the object, unless keep() was called.
class TestFolder {
public:
    explicit TestFolder(const std::string& name);
    ~TestFolder();
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    void keep() noexcept { is_kept_ = true; }

private:
    std::filesystem::path path_;
    bool is_kept_{false};
};

} // namespace sealstream::testing
