#pragma once

// A certificate with its key and the authorities for clients, ready to serve. Never changes: new
// files make a new one, and connections keep the one that they began with.
//
// TLS 1.2 with ECDHE and an AEAD, or 1.3; no renegotiation, no compression, no tickets and no
// session cache, so that a client's certificate is checked anew in every connection. ALPN is
// http/1.1; a client that insists on something else is turned away.

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "node/security/tls_options.hpp"

#include <memory>
#include <string>

namespace sealstream::security {

class TlsContext {
public:
    //   not_found   a file can not be read
    //   malformed   what is in it is no certificate or key, they do not belong together, or the
    //               certificate is outside its time
    [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> load(const TlsOptions& options);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    [[nodiscard]] const std::string& serial() const noexcept { return serial_; } // hexadecimal
    [[nodiscard]] std::int64_t not_after() const noexcept { return not_after_; } // Unix seconds

    struct Native;
    [[nodiscard]] const Native& native() const noexcept { return *native_; }

private:
    TlsContext();
    std::unique_ptr<Native> native_;
    std::string serial_;
    std::int64_t not_after_{0};
};

} // namespace sealstream::security
