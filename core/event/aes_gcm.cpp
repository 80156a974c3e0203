#include "core/event/aes_gcm.hpp"

#include "core/base/check.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <limits>
#include <memory>

namespace sealstream {

namespace {

struct Frees {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Frees>;

CipherContext new_context()
{
    CipherContext context{EVP_CIPHER_CTX_new()};
    SEAL_CHECK(context != nullptr, "memory for a cipher");
    return context;
}

// Fetched once: looking the algorithm up costs more than a short payload.
const EVP_CIPHER* algorithm()
{
    static const EVP_CIPHER* const aes = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    SEAL_CHECK(aes != nullptr, "OpenSSL knows AES-256-GCM");
    return aes;
}

const unsigned char* in(ByteView bytes)
{
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* cipher_bytes(Bytes& bytes)
{
    return reinterpret_cast<unsigned char*>(bytes.data());
}

int size_of(ByteView bytes)
{
    SEAL_CHECK(bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()),
               "an event is smaller than two gigabytes");
    return static_cast<int>(bytes.size());
}

} // namespace

Bytes aes_gcm_encrypt(const AesKey& key, const AesNonce& nonce, ByteView context, ByteView clear)
{
    const CipherContext cipher = new_context();
    Bytes encrypted(clear.size() + aes_tag_size);
    int written = 0;
    int rest = 0;
    bool is_good =
        EVP_EncryptInit_ex2(cipher.get(), algorithm(), in(key), in(nonce), nullptr) == 1 &&
        EVP_EncryptUpdate(cipher.get(), nullptr, &rest, in(context), size_of(context)) == 1 &&
        EVP_EncryptUpdate(cipher.get(), cipher_bytes(encrypted), &written, in(clear),
                          size_of(clear)) == 1 &&
        EVP_EncryptFinal_ex(cipher.get(), cipher_bytes(encrypted) + written, &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(aes_tag_size),
                            cipher_bytes(encrypted) + clear.size()) == 1;
    SEAL_CHECK(is_good && static_cast<std::size_t>(written) == clear.size(),
               "encrypting in memory can not fail");
    return encrypted;
}

Result<Bytes> aes_gcm_decrypt(const AesKey& key, const AesNonce& nonce, ByteView context,
                              ByteView encrypted)
{
    if (encrypted.size() < aes_tag_size) {
        return Error{Errc::corrupt, "shorter than its tag"};
    }
    const ByteView text = encrypted.first(encrypted.size() - aes_tag_size);
    Bytes tag = to_bytes(encrypted.last(aes_tag_size));
    const CipherContext cipher = new_context();
    Bytes clear(text.size());
    int written = 0;
    int rest = 0;
    const bool is_good =
        EVP_DecryptInit_ex2(cipher.get(), algorithm(), in(key), in(nonce), nullptr) == 1 &&
        EVP_DecryptUpdate(cipher.get(), nullptr, &rest, in(context), size_of(context)) == 1 &&
        EVP_DecryptUpdate(cipher.get(), cipher_bytes(clear), &written, in(text), size_of(text)) ==
            1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(aes_tag_size),
                            cipher_bytes(tag)) == 1 &&
        EVP_DecryptFinal_ex(cipher.get(), cipher_bytes(clear) + written, &rest) == 1;
    if (!is_good) {
        ERR_clear_error();
        return Error{Errc::corrupt, "it is altered, or belongs to another key or event"};
    }
    return clear;
}

Digest hmac_sha256(ByteView key, ByteView message)
{
    Digest digest;
    unsigned int size = 0;
    const auto* const done =
        HMAC(EVP_sha256(), key.data(), size_of(key), in(message), message.size(),
             reinterpret_cast<unsigned char*>(digest.bytes.data()), &size);
    SEAL_CHECK(done != nullptr && size == digest_size, "a keyed hash in memory can not fail");
    return digest;
}

} // namespace sealstream
