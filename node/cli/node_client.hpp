#pragma once

// The command line as a client of a node: one request, whose answer is read as it comes. Every wait
// has a bound.

#include "core/async/awaitable.hpp"
#include "core/base/result.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace sealstream::cli {

// http://host:port[/prefix]; the prefix is that of a ledger or a proxy.
struct NodeUrl {
    std::string host;
    std::string port;
    std::string prefix;

    //   malformed     not such a URL
    //   unsupported   https: put a proxy on this machine in between
    [[nodiscard]] static Result<NodeUrl> parse(std::string_view text);
};

struct NodeRequest {
    bool is_post{false};
    std::string target; // below the prefix
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
};

class NodeAnswer {
public:
    // Connects, sends, and reads the head of the answer; each within `patience`.
    //   unavailable   nobody answers, or not in time
    [[nodiscard]] static Task<Result<std::unique_ptr<NodeAnswer>>>
    ask(NodeUrl url, NodeRequest request, std::chrono::seconds patience);
    virtual ~NodeAnswer() = default;

    [[nodiscard]] virtual int status() const = 0;
    // What comes next of the body; empty at its proper end.
    //   unavailable   the connection broke, or was silent for `patience`
    [[nodiscard]] virtual Task<Result<std::string>> read_some() = 0;

protected:
    NodeAnswer() = default;
    NodeAnswer(const NodeAnswer&) = delete;
    NodeAnswer& operator=(const NodeAnswer&) = delete;
};

// The whole body, at most a mebibyte: for problems.
[[nodiscard]] Task<std::string> read_rest(NodeAnswer& answer);
// A problem as an error: the code that it names, what it says as context.
[[nodiscard]] Error problem_error(int status, std::string_view body);

} // namespace sealstream::cli
