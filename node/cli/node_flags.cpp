#include "node/cli/commands.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdlib>

namespace sealstream::cli {

namespace {

constexpr const char* node_group = "The node, and who asks (docs/security.md)";

} // namespace

void NodeFlags::add_address_to(CLI::App& command)
{
    command.add_option("--url", url, "http:// or https://, of a node or one of its ledgers")
        ->envname("SEALSTREAM_URL")
        ->group(node_group)
        ->capture_default_str();
    const auto add_file = [&command](const char* name, std::string& file, const char* variable,
                                     const char* help) {
        command.add_option(name, file, help)
            ->envname(variable)
            ->type_name("FILE")
            ->group(node_group);
    };
    add_file("--ca", ca_file, "SEALSTREAM_CA",
             "who signs the certificate of an https:// node; default: the system's authorities");
    add_file("--cert", certificate_file, "SEALSTREAM_CERT", "certificate that tells who asks");
    add_file("--key", key_file, "SEALSTREAM_KEY", "its key; default: in the file of --cert");
    add_file("--token", token_file, "SEALSTREAM_TOKEN_FILE",
             "bearer token that tells who asks; the variable SEALSTREAM_TOKEN may hold it itself");
    command
        .add_flag("--plaintext", has_plaintext,
                  "send the token over http:// too, where something else encrypts")
        ->group(node_group);
    command.add_option("--timeout", timeout_seconds, "seconds of silence before the node is away")
        ->check(CLI::Range(1.0, 3600.0))
        ->group(node_group)
        ->capture_default_str();
}

void NodeFlags::add_to(CLI::App& command)
{
    add_address_to(command);
    command.add_option("--tries", tries, "before giving up, one after the other")
        ->check(CLI::Range(0, 1'000'000))
        ->group(node_group)
        ->capture_default_str();
}

Result<NodeAccess> NodeFlags::access() const
{
    if (!key_file.empty() && certificate_file.empty()) {
        return Error{Errc::refused, "--key is the key of a certificate; --cert names that"};
    }
    NodeAccess access;
    SEAL_TRY(parsed, NodeUrl::parse(url));
    access.url = std::move(parsed);
    access.ca_file = ca_file;
    access.certificate_file = certificate_file;
    access.key_file = key_file;
    access.token_file = token_file;
    const char* const token = std::getenv("SEALSTREAM_TOKEN");
    access.token = token != nullptr ? token : "";
    access.has_plaintext = has_plaintext;
    access.patience = std::chrono::seconds{static_cast<std::int64_t>(timeout_seconds)};
    return access;
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
