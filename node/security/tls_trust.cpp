#include "node/security/tls_trust.hpp"

#include "node/security/tls_native.hpp"

namespace sealstream::security {

TlsTrust::TlsTrust() : native_{std::make_unique<Native>()} {}

TlsTrust::~TlsTrust() = default;

Result<std::shared_ptr<const TlsTrust>> TlsTrust::load(const std::filesystem::path& ca_file)
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
    std::error_code ignored;
    if (ca_file.empty()) {
        SSL_CTX_set_default_verify_paths(context);
    } else if (!std::filesystem::is_regular_file(ca_file, ignored)) {
        return Error{Errc::not_found, "can not read " + ca_file.string()};
    } else if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
        return Error{Errc::malformed, ca_file.string() + ": no certificates of authorities: " +
                                          take_openssl_error()};
    }
    ERR_clear_error();
    return std::shared_ptr<const TlsTrust>{std::move(made)};
}

} // namespace sealstream::security
