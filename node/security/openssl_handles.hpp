#pragma once

// Owners of OpenSSL objects, and its error queue as text. Only sources of this folder include this.

#include "core/base/result.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

namespace sealstream::security {

template <auto free_function>
struct FreeWith {
    template <class T>
    void operator()(T* object) const noexcept
    {
        free_function(object);
    }
};

using BioHandle = std::unique_ptr<BIO, FreeWith<&BIO_free>>;
using NumberHandle = std::unique_ptr<BIGNUM, FreeWith<&BN_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeWith<&EVP_PKEY_free>>;
using KeyContextHandle = std::unique_ptr<EVP_PKEY_CTX, FreeWith<&EVP_PKEY_CTX_free>>;
using DigestContextHandle = std::unique_ptr<EVP_MD_CTX, FreeWith<&EVP_MD_CTX_free>>;
using CertificateHandle = std::unique_ptr<X509, FreeWith<&X509_free>>;
using StoreHandle = std::unique_ptr<X509_STORE, FreeWith<&X509_STORE_free>>;
using NamesHandle = std::unique_ptr<GENERAL_NAMES, FreeWith<&GENERAL_NAMES_free>>;
using TlsContextHandle = std::unique_ptr<SSL_CTX, FreeWith<&SSL_CTX_free>>;
using TlsHandle = std::unique_ptr<SSL, FreeWith<&SSL_free>>;

// The first error in the queue, which is the cause; the queue is empty afterwards.
[[nodiscard]] inline std::string take_openssl_error()
{
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* const text = code == 0 ? nullptr : ERR_reason_error_string(code);
    return text == nullptr ? "OpenSSL error " + std::to_string(code) : text;
}

// A time of a certificate in Unix seconds.
[[nodiscard]] inline Result<std::int64_t> unix_time(const ASN1_TIME* time)
{
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) {
        return Error{Errc::malformed, "a certificate has no readable time"};
    }
    return std::int64_t{timegm(&parts)};
}

} // namespace sealstream::security
