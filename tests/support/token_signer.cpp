#include "tests/support/token_signer.hpp"

#include "core/base/check.hpp"
#include "core/base/encoding.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace sealstream::testing {

namespace {

const unsigned char* raw(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string number_of(EVP_PKEY* key, const char* name, int bytes)
{
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(key, name, &number);
    Bytes value(static_cast<std::size_t>(bytes == 0 ? BN_num_bytes(number) : bytes));
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(value.data()),
                 static_cast<int>(value.size()));
    BN_free(number);
    return to_base64url(value);
}

// DER to R || S.
Bytes to_pair(const Bytes& der)
{
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* const signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    Bytes pair(64);
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), reinterpret_cast<unsigned char*>(pair.data()), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), reinterpret_cast<unsigned char*>(pair.data()) + 32,
                 32);
    ECDSA_SIG_free(signature);
    return pair;
}

} // namespace

struct TokenSigner::Native {
    EVP_PKEY* key{nullptr};
    ~Native() { EVP_PKEY_free(key); }
};

TokenSigner::TokenSigner(std::string algorithm, std::string kid)
    : algorithm_{std::move(algorithm)},
      kid_{std::move(kid)},
      native_{std::make_unique<Native>()}
{
    native_->key = algorithm_ == "ES256"   ? EVP_EC_gen("P-256")
                   : algorithm_ == "EdDSA" ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                           : EVP_RSA_gen(2048);
    SEAL_CHECK(native_->key != nullptr, "OpenSSL makes keys");
}

TokenSigner::~TokenSigner() = default;
TokenSigner::TokenSigner(TokenSigner&&) noexcept = default;

std::string TokenSigner::jwk() const
{
    EVP_PKEY* const key = native_->key;
    std::string json = R"({"kid":")" + kid_ + R"(",)";
    if (algorithm_ == "ES256") {
        return json + R"("kty":"EC","crv":"P-256","x":")" +
               number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, 32) + R"(","y":")" +
               number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32) + "\"}";
    }
    if (algorithm_ == "EdDSA") {
        Bytes value(32);
        std::size_t size = value.size();
        EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(value.data()), &size);
        return json + R"("kty":"OKP","crv":"Ed25519","x":")" + to_base64url(value) + "\"}";
    }
    return json + R"("kty":"RSA","alg":")" + algorithm_ + R"(","n":")" +
           number_of(key, OSSL_PKEY_PARAM_RSA_N, 0) + R"(","e":")" +
           number_of(key, OSSL_PKEY_PARAM_RSA_E, 0) + "\"}";
}

std::string TokenSigner::jwk_set() const
{
    return R"({"keys":[)" + jwk() + "]}";
}

std::string TokenSigner::public_pem() const
{
    BIO* const out = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(out, native_->key);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out, &text);
    std::string pem{text, static_cast<std::size_t>(size)};
    BIO_free(out);
    return pem;
}

Bytes TokenSigner::sign(const std::string& text) const
{
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* details = nullptr;
    EVP_DigestSignInit(context, &details, algorithm_ == "EdDSA" ? nullptr : EVP_sha256(), nullptr,
                       native_->key);
    if (algorithm_ == "PS256") {
        EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST);
    }
    std::size_t size = 1024;
    Bytes signature(size);
    SEAL_CHECK(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                              raw(text), text.size()) == 1,
               "a token can be signed");
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return algorithm_ == "ES256" ? to_pair(signature) : signature;
}

std::string TokenSigner::token(const std::string& payload, std::string header) const
{
    if (header.empty()) {
        header = R"({"alg":")" + algorithm_ + R"(","kid":")" + kid_ + "\"}";
    }
    const auto text = to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(payload));
    return text + "." + to_base64url(sign(text));
}

std::string token_with_hmac(const std::string& payload, const std::string& secret)
{
    const auto text =
        to_base64url(as_bytes(R"({"alg":"HS256"})")) + "." + to_base64url(as_bytes(payload));
    Bytes mac(32);
    unsigned int size = 32;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), raw(text), text.size(),
         reinterpret_cast<unsigned char*>(mac.data()), &size);
    return text + "." + to_base64url(mac);
}

} // namespace sealstream::testing
