#include "node/security/tls_native.hpp"

namespace sealstream::security {

Result<void> check_file(const std::filesystem::path& file)
{
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored)) {
        return Error{Errc::not_found, "can not read " + file.string()};
    }
    return {};
}

Error openssl_failed(const std::filesystem::path& file, std::string_view what)
{
    return {Errc::malformed,
            file.string() + ": " + std::string{what} + ": " + take_openssl_error()};
}

Result<void> use_certificate(SSL_CTX* context, const std::filesystem::path& certificate_file,
                             const std::filesystem::path& key_file)
{
    SEAL_TRY_VOID(check_file(certificate_file));
    SEAL_TRY_VOID(check_file(key_file));
    // Without this, an encrypted key would ask for its password on the terminal.
    SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
        return openssl_failed(certificate_file, "no certificate");
    }
    if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return openssl_failed(key_file, "no key that belongs to the certificate");
    }
    return {};
}

} // namespace sealstream::security
