#pragma once

// What TlsContext and TlsTrust hide. Only sources of this folder include this.

#include "node/security/openssl_handles.hpp"
#include "node/security/tls_context.hpp"
#include "node/security/tls_trust.hpp"

namespace sealstream::security {

inline constexpr char tls_1_2_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

// Directories, pipes and devices would fail strangely, or wait for ever.
//   not_found
[[nodiscard]] Result<void> check_file(const std::filesystem::path& file);
// "FILE: what: OpenSSL's reason", malformed; empties its queue.
[[nodiscard]] Error openssl_failed(const std::filesystem::path& file, std::string_view what);
// The certificate with its chain, and the key, that this side shows.
//   not_found, malformed
[[nodiscard]] Result<void> use_certificate(SSL_CTX* context,
                                           const std::filesystem::path& certificate_file,
                                           const std::filesystem::path& key_file);

struct TlsContext::Native {
    TlsContextHandle context;
};

struct TlsTrust::Native {
    TlsContextHandle context;
};

} // namespace sealstream::security
