#include "node/cli/commands.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdlib>

namespace sealstream::cli {

void NodeFlags::add_address_to(CLI::App& command)
{
    command.add_option("--url", url, "of a node, or of one of its ledgers")
        ->envname("SEALSTREAM_URL")
        ->capture_default_str();
    command.add_option("--timeout", timeout_seconds, "seconds of silence before the node is away")
        ->check(CLI::Range(1.0, 3600.0))
        ->capture_default_str();
}

void NodeFlags::add_to(CLI::App& command)
{
    add_address_to(command);
    command.add_option("--tries", tries, "before giving up, one after the other")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
}

std::chrono::seconds NodeFlags::patience() const
{
    return std::chrono::seconds{static_cast<std::int64_t>(timeout_seconds)};
}

std::vector<std::pair<std::string, std::string>> NodeFlags::fields() const
{
    std::vector<std::pair<std::string, std::string>> fields;
    const char* const token = std::getenv("SEALSTREAM_TOKEN");
    if (token != nullptr && *token != '\0') {
        fields.emplace_back("Authorization", "Bearer " + std::string{token});
    }
    return fields;
}

int run_alone(Task<int> task)
{
    boost::asio::io_context context{1};
    int code = exit_unexpected;
    boost::asio::co_spawn(context, std::move(task),
                          [&code](const std::exception_ptr& thrown, int ended) {
                              if (thrown) {
                                  std::rethrow_exception(thrown);
                              }
                              code = ended;
                          });
    context.run();
    return code;
}

} // namespace sealstream::cli
