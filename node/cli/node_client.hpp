#pragma once

// The command line as a client of a node: one request, whose answer is read as it comes, over
// HTTP or HTTPS. Every wait has a bound.

#include "core/async/awaitable.hpp"
#include "core/base/result.hpp"
#include "node/cli/node_access.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sealstream::cli {

enum class NodeVerb : std::uint8_t { get, put, post, patch, erase };

struct NodeRequest {
    NodeVerb verb{NodeVerb::get};
    std::string target; // below the prefix
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
};

class NodeAnswer {
public:
    // Connects, signs in, sends, and reads the head of the answer; each within the patience of
    // `access`.
    //   unavailable       nobody answers, or not in time
    //   unauthenticated   one side does not trust the other's certificate
    //   malformed         it speaks another protocol; or a file of ours is not what it should be
    //   not_found         a file of ours
    //   refused           a token would travel in clear
    [[nodiscard]] static Task<Result<std::unique_ptr<NodeAnswer>>> ask(NodeAccess access,
                                                                       NodeRequest request);
    virtual ~NodeAnswer() = default;

    [[nodiscard]] virtual int status() const = 0;
    // What comes next of the body; empty at its proper end.
    //   unavailable   the connection broke, or was silent for too long
    [[nodiscard]] virtual Task<Result<std::string>> read_some() = 0;
    [[nodiscard]] virtual const NodeAccess& access() const = 0;

protected:
    NodeAnswer() = default;
    NodeAnswer(const NodeAnswer&) = delete;
    NodeAnswer& operator=(const NodeAnswer&) = delete;
};

// The whole body, at most a mebibyte: for problems.
[[nodiscard]] Task<std::string> read_rest(NodeAnswer& answer);
// The problem that an answer with a status of 300 or more is.
[[nodiscard]] Task<Error> read_problem(NodeAnswer& answer);
// One object is asked for and read whole; a status of 300 or more is the problem's error. Without
// a body the object is empty.
//   malformed   the answer is no JSON object
[[nodiscard]] Task<Result<boost::json::object>> ask_json(NodeAccess access, NodeRequest request);
// The same for an answer of lines, each an object: calls `on_line` as they come, returns the last.
[[nodiscard]] Task<Result<boost::json::object>>
ask_json_lines(NodeAccess access, NodeRequest request,
               const std::function<void(const boost::json::object&)>& on_line);

} // namespace sealstream::cli
