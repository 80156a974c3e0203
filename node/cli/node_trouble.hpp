#pragma once

// What stands between the command line and a node, in words that name the place and the remedy.
// Pure; no text holds a secret.

#include "core/base/error.hpp"
#include "node/cli/node_access.hpp"

namespace sealstream::cli {

//   unavailable   nobody there, or silent, or gone
[[nodiscard]] Error no_answer(const NodeUrl& url, std::string_view why);

// The node may have ended the connection because it wants a certificate: some servers do not say.
[[nodiscard]] Error no_answer_after_handshake(const NodeAccess& access, std::string_view why);

// `failure` is that of TlsChannel::handshake(), or of the first read after it; `alert` what the
// other side said.
//   unauthenticated   one of the two does not trust the other's certificate
//   malformed         it does not speak TLS
[[nodiscard]] Error no_trust(const NodeAccess& access, const Error& failure,
                             std::string_view alert);

// `begin` of an answer that is not HTTP.
//   malformed
[[nodiscard]] Error no_http(const NodeUrl& url, std::string_view begin);

// A problem as an error: the code that it names, what it says as context.
[[nodiscard]] Error problem_error(int status, std::string_view body);

// The same with the place, and what to do about it.
[[nodiscard]] Error problem_error(const NodeAccess& access, int status, std::string_view body);

} // namespace sealstream::cli
