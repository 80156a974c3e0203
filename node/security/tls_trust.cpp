#include "node/security/tls_trust.hpp"

#include "node/security/tls_native.hpp"

namespace sealstream::security {

TlsTrust::TlsTrust() : native_{std::make_unique<Native>()} {}

TlsTrust::~TlsTrust() = default;

Result<std::shared_ptr<const TlsTrust>> TlsTrust::load(const TlsClientFiles& files)
{
    std::shared_ptr<TlsTrust> made{new TlsTrust};
    made->native_->context.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* const context = made->native_->context.get();
    if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, tls_1_2_ciphers) != 1) {
        return Error{Errc::internal, "no TLS context: " + take_openssl_error()};
    }
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (files.ca_file.empty()) {
        SSL_CTX_set_default_verify_paths(context);
    } else {
        SEAL_TRY_VOID(check_file(files.ca_file));
        if (SSL_CTX_load_verify_file(context, files.ca_file.c_str()) != 1) {
            return openssl_failed(files.ca_file, "no certificates of authorities");
        }
    }
    if (!files.certificate_file.empty()) {
        SEAL_TRY_VOID(use_certificate(context, files.certificate_file, files.key_file));
    }
    ERR_clear_error();
    return std::shared_ptr<const TlsTrust>{std::move(made)};
}

} // namespace sealstream::security
