#pragma once

// The command line as a client of a node: one request, whose answer is read as it comes. Every wait
// has a bound.

#include "core/async/awaitable.hpp"
#include "core/base/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <functional>
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

enum class NodeVerb : std::uint8_t { get, put, post, patch, erase };

struct NodeRequest {
    NodeVerb verb{NodeVerb::get};
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
// One object is asked for and read whole; a status of 300 or more is the problem's error. Without
// a body the object is empty.
//   malformed   the answer is no JSON object
[[nodiscard]] Task<Result<boost::json::object>> ask_json(NodeUrl url, NodeRequest request,
                                                         std::chrono::seconds patience);
// The same for an answer of lines, each an object: calls `on_line` as they come, returns the last.
[[nodiscard]] Task<Result<boost::json::object>>
ask_json_lines(NodeUrl url, NodeRequest request, std::chrono::seconds patience,
               const std::function<void(const boost::json::object&)>& on_line);

// A problem as an error: the code that it names, what it says as context.
[[nodiscard]] Error problem_error(int status, std::string_view body);

} // namespace sealstream::cli
