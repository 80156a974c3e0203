#include "audit/signature.hpp"

#include "audit/openssl_handles.hpp"
#include "core/base/check.hpp"

#include <openssl/crypto.h>

namespace sealstream {

namespace {

const unsigned char* octets(ByteView bytes)
{
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

PkeyHandle load_private(const std::array<std::byte, 32>& seed)
{
    PkeyHandle key{
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets(seed), seed.size())};
    SEAL_CHECK(key != nullptr, "any 32 bytes are an Ed25519 seed");
    return key;
}

} // namespace

PrivateKey::~PrivateKey()
{
    OPENSSL_cleanse(seed_.data(), seed_.size());
}

PublicKey PrivateKey::public_key() const
{
    const PkeyHandle key = load_private(seed_);
    PublicKey half{};
    std::size_t size = half.size();
    SEAL_CHECK(EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(half.data()),
                                           &size) == 1,
               "a private key has a public half");
    return half;
}

Signature PrivateKey::sign(ByteView message) const
{
    const PkeyHandle key = load_private(seed_);
    const MdContextHandle context{EVP_MD_CTX_new()};
    SEAL_CHECK(context != nullptr, "memory for a signing context");
    Signature signature{};
    std::size_t size = signature.size();
    const bool is_done =
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       octets(message), message.size()) == 1;
    SEAL_CHECK(is_done && size == signature.size(), "signing with a loaded key can not fail");
    return signature;
}

bool is_signed(ByteView message, ByteView signature, const PublicKey& key)
{
    const ClearsErrors clears;
    const PkeyHandle loaded{
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(key), key.size())};
    const MdContextHandle context{EVP_MD_CTX_new()};
    if (!loaded || !context || signature.size() != Signature{}.size()) {
        return false;
    }
    return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, loaded.get()) == 1 &&
           EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message),
                            message.size()) == 1;
}

} // namespace sealstream
