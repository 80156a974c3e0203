#pragma once

// What TlsContext hides. Only sources of this folder include this.

#include "node/security/openssl_handles.hpp"
#include "node/security/tls_context.hpp"

namespace sealstream::security {

struct TlsContext::Native {
    TlsContextHandle context;
};

} // namespace sealstream::security
