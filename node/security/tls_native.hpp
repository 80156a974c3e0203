#pragma once

// What TlsContext and TlsTrust hide. Only sources of this folder include this.

#include "node/security/openssl_handles.hpp"
#include "node/security/tls_context.hpp"
#include "node/security/tls_trust.hpp"

namespace sealstream::security {

inline constexpr char tls_1_2_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

struct TlsContext::Native {
    TlsContextHandle context;
};

struct TlsTrust::Native {
    TlsContextHandle context;
};

} // namespace sealstream::security
