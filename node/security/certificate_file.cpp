#include "node/security/certificate_file.hpp"

#include "node/security/openssl_handles.hpp"

#include <openssl/pem.h>

namespace sealstream::security {

Result<std::int64_t> certificate_expiry(const std::filesystem::path& file)
{
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored)) {
        return Error{Errc::not_found, "can not read " + file.string()};
    }
    const BioHandle input{BIO_new_file(file.c_str(), "r")};
    const CertificateHandle certificate{
        input == nullptr ? nullptr : PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr)};
    if (certificate == nullptr) {
        return Error{Errc::malformed, file.string() + ": " + take_openssl_error()};
    }
    return unix_time(X509_get0_notAfter(certificate.get()));
}

} // namespace sealstream::security
