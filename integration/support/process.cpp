#include "integration/support/process.hpp"

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace sealstream::testing {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds exit_poll{2};

// In the child. Only calls that are safe after fork().
void redirect(const char* log, const char* output)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int errors = ::open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const int other = ::open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    ::dup2(input, STDIN_FILENO);
    ::dup2(other, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    ::close_range(3, ~0U, 0);
}

} // namespace

Process::Process(ProcessOptions options) : options_{std::move(options)}
{
    start();
}

Process::Process(Process&& other) noexcept
    : options_{std::move(other.options_)},
      process_{std::exchange(other.process_, -1)},
      exit_code_{other.exit_code_}
{
}

Process& Process::operator=(Process&& other) noexcept
{
    std::swap(options_, other.options_);
    std::swap(process_, other.process_);
    std::swap(exit_code_, other.exit_code_);
    return *this;
}

void Process::start()
{
    std::vector<char*> arguments;
    for (std::string& argument : options_.command) {
        arguments.push_back(argument.data());
    }
    arguments.push_back(nullptr);
    const std::string log = options_.log_file.string();
    const std::string output = options_.output_file.empty() ? log : options_.output_file.string();
    process_ = ::fork();
    if (process_ == 0) {
        redirect(log.c_str(), output.c_str());
        ::execv(arguments.front(), arguments.data());
        ::_exit(127);
    }
    if (process_ < 0) {
        throw std::runtime_error{"fork failed"};
    }
}

void Process::kill()
{
    if (process_ > 0) {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        process_ = -1;
        exit_code_ = 128 + SIGKILL;
    }
}

void Process::signal(int number) const
{
    if (process_ > 0) {
        ::kill(process_, number);
    }
}

bool Process::has_ended()
{
    int status = 0;
    if (process_ > 0 && ::waitpid(process_, &status, WNOHANG) == process_) {
        process_ = -1;
        exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return process_ <= 0;
}

bool Process::is_running()
{
    return !has_ended();
}

int Process::wait(std::chrono::seconds longest)
{
    const auto deadline = std::chrono::steady_clock::now() + longest;
    while (!has_ended()) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error{options_.command.front() + " does not end:\n" +
                                     last_log_lines()};
        }
        std::this_thread::sleep_for(exit_poll);
    }
    return exit_code_;
}

int Process::stop(std::chrono::seconds longest)
{
    signal(SIGTERM);
    return wait(longest);
}

std::string Process::log_text() const
{
    return text_of(options_.log_file);
}

std::string Process::last_log_lines(std::size_t bytes) const
{
    const std::string all = log_text();
    return all.substr(all.size() > bytes ? all.size() - bytes : 0);
}

Finished run_to_end(std::vector<std::string> command, const fs::path& folder,
                    std::chrono::seconds longest)
{
    static int count = 0;
    const std::string name = "run" + std::to_string(++count);
    Process process{{std::move(command), folder / (name + ".err"), folder / (name + ".out")}};
    Finished finished;
    finished.exit_code = process.wait(longest);
    finished.output = text_of(folder / (name + ".out"));
    finished.log = process.log_text();
    return finished;
}

std::string text_of(const fs::path& file)
{
    std::ifstream stream{file, std::ios::binary};
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

TestFolder::TestFolder(const std::string& name)
{
    std::string text = (fs::temp_directory_path() / ("sealstream-" + name + "-XXXXXX")).string();
    if (::mkdtemp(text.data()) == nullptr) {
        throw std::runtime_error{"no temporary folder: " + text};
    }
    path_ = text;
}

TestFolder::~TestFolder()
{
    if (is_kept_) {
        std::cout << "kept: " << path_.string() << std::endl;
        return;
    }
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

} // namespace sealstream::testing
