#include "node/security/tls_context.hpp"

#include "node/security/tls_native.hpp"

namespace sealstream::security {

namespace {

constexpr int chain_depth_max = 5; // certificates between a client's and its root
constexpr unsigned char http_1_1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned int in_size, void*)
{
    unsigned char* chosen = nullptr;
    const int found =
        SSL_select_next_proto(&chosen, out_size, http_1_1, sizeof http_1_1, in, in_size);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Result<void> harden(SSL_CTX* context, TlsVersion version_min)
{
    const int version = version_min == TlsVersion::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    if (SSL_CTX_set_min_proto_version(context, version) != 1 ||
        SSL_CTX_set_cipher_list(context, tls_1_2_ciphers) != 1 ||
        SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") != 1) {
        return Error{Errc::unsupported, "OpenSSL lacks TLS 1.2: " + take_openssl_error()};
    }
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(context, &choose_protocol, nullptr);
    return {};
}

Result<void> trust_clients(SSL_CTX* context, const TlsOptions& options)
{
    if (options.client_certificates == ClientCertificates::none) {
        return {};
    }
    const std::string file = options.client_ca_file.string();
    SEAL_TRY_VOID(check_file(options.client_ca_file));
    if (SSL_CTX_load_verify_file(context, file.c_str()) != 1) {
        return openssl_failed(options.client_ca_file, "no certificates of authorities");
    }
    // The names go to the client, so that it can choose among its certificates.
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(file.c_str()));
    SSL_CTX_set_verify_depth(context, chain_depth_max);
    const int must = options.client_certificates == ClientCertificates::required
                         ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                         : 0;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | must, nullptr);
    ERR_clear_error();
    return {};
}

std::string serial_of(const X509* certificate)
{
    const NumberHandle number{ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr)};
    char* const text = number == nullptr ? nullptr : BN_bn2hex(number.get());
    std::string serial{text == nullptr ? "" : text};
    OPENSSL_free(text);
    return serial;
}

} // namespace

TlsContext::TlsContext() : native_{std::make_unique<Native>()} {}

TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::load(const TlsOptions& options)
{
    std::shared_ptr<TlsContext> made{new TlsContext};
    made->native_->context.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX* const context = made->native_->context.get();
    if (context == nullptr) {
        return Error{Errc::internal, "no TLS context: " + take_openssl_error()};
    }
    SEAL_TRY_VOID(harden(context, options.version_min));
    SEAL_TRY_VOID(use_certificate(context, options.certificate_file, options.key_file));
    SEAL_TRY_VOID(trust_clients(context, options));

    const X509* const certificate = SSL_CTX_get0_certificate(context);
    SEAL_TRY(not_after, unix_time(X509_get0_notAfter(certificate)));
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0 ||
        X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
        return Error{Errc::malformed,
                     options.certificate_file.string() + ": the certificate is outside its time"};
    }
    made->serial_ = serial_of(certificate);
    made->not_after_ = not_after;
    return std::shared_ptr<const TlsContext>{std::move(made)};
}

} // namespace sealstream::security
