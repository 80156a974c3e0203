#pragma once

// One GET over HTTPS, for documents that the settings name. TLS 1.2 or newer, the server's name and
// chain are checked, nothing is followed and nothing is sent but the request.

#include "core/async/awaitable.hpp"
#include "node/security/https_url.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <filesystem>

namespace sealstream::security {

struct HttpsWish {
    HttpsUrl url;
    std::filesystem::path ca_file{}; // empty: the authorities of the system
    std::size_t bytes_max{256 << 10};
    std::chrono::milliseconds timeout{5'000}; // of all together, however slowly it comes
};

// The body of a 200. Looking up the name can outlast the timeout by what the system's resolver
// takes.
//   timed_out        not all of it has come in time
//   too_large        longer than bytes_max
//   unauthenticated  the server is not who it should be
//   unavailable      it is not reached, or answers with another status; a redirect is one
//   malformed        no HTTP, or no TLS; or the file of authorities
[[nodiscard]] Task<Result<std::string>> https_get(boost::asio::any_io_executor executor,
                                                  HttpsWish wish);

} // namespace sealstream::security
