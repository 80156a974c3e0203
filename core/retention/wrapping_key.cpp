#include "core/retention/wrapping_key.hpp"

#include "core/base/encoding.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::string_view form = "sealstream-wrapping-key+v1+";
constexpr std::string_view name_label{"sealstream/wrapping-key/v1\0", 27};
constexpr std::string_view wrap_label{"sealstream/wrapped-key/v1\0", 26};
constexpr std::size_t name_bytes = 8;

Bytes context_of(std::string_view ledger, std::string_view name)
{
    Bytes context = to_bytes(wrap_label);
    append_big_endian(context, static_cast<std::uint32_t>(ledger.size()));
    append(context, as_bytes(ledger));
    append(context, as_bytes(name));
    return context;
}

} // namespace

WrappingKey WrappingKey::generate()
{
    AesKey secret{};
    fill_random(secret);
    return WrappingKey{secret};
}

Result<WrappingKey> WrappingKey::parse(std::string_view text)
{
    const auto bytes = text.starts_with(form) ? from_base64url(text.substr(form.size()))
                                              : Result<Bytes>{Error{Errc::malformed, {}}};
    if (!bytes || bytes->size() != aes_key_size) {
        return Error{Errc::malformed,
                     "not a wrapping key; make one with `sealstream keys wrapping`"};
    }
    AesKey secret{};
    std::copy(bytes->begin(), bytes->end(), secret.begin());
    return WrappingKey{secret};
}

std::string WrappingKey::to_string() const
{
    return std::string{form} + to_base64url(secret_);
}

std::string WrappingKey::name() const
{
    return to_hex(hmac_sha256(secret_, as_bytes(name_label)).view().first(name_bytes));
}

Bytes WrappingKey::wrap(std::string_view ledger, const PayloadKey& key) const
{
    AesNonce nonce{};
    fill_random(nonce);
    Bytes wrapped = to_bytes(ByteView{nonce});
    append(wrapped, aes_gcm_encrypt(secret_, nonce, context_of(ledger, key.name), key.secret));
    return wrapped;
}

Result<AesKey> WrappingKey::unwrap(std::string_view ledger, std::string_view name,
                                   ByteView wrapped) const
{
    if (wrapped.size() != aes_nonce_size + aes_key_size + aes_tag_size) {
        return Error{Errc::corrupt, "the wrapped key " + std::string{name} + " has another size"};
    }
    AesNonce nonce{};
    std::copy_n(wrapped.begin(), nonce.size(), nonce.begin());
    const auto clear =
        aes_gcm_decrypt(secret_, nonce, context_of(ledger, name), wrapped.subspan(nonce.size()));
    if (!clear) {
        return with_context(clear.error(), "the wrapped key " + std::string{name});
    }
    AesKey secret{};
    std::copy(clear->begin(), clear->end(), secret.begin());
    return secret;
}

} // namespace sealstream
