#include "node/security/json_web_key.hpp"

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "node/security/openssl_handles.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

namespace sealstream::security {

namespace {

using ParametersHandle = std::unique_ptr<OSSL_PARAM, FreeWith<&OSSL_PARAM_free>>;
using BuilderHandle = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<&OSSL_PARAM_BLD_free>>;
using SignatureHandle = std::unique_ptr<ECDSA_SIG, FreeWith<&ECDSA_SIG_free>>;

constexpr std::size_t coordinate_bytes = 32; // of P-256
constexpr std::size_t ed25519_bytes = 32;
constexpr int rsa_bits_min = 2'048;
constexpr int rsa_bits_max = 8'192;
constexpr std::array<std::string_view, 4> names{"RS256", "PS256", "ES256", "EdDSA"};

Error malformed(std::string what)
{
    return {Errc::malformed, std::move(what)};
}

std::string text_of(const boost::json::object& object, std::string_view member)
{
    const auto* const found = object.if_contains({member.data(), member.size()});
    const auto* const text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string{} : std::string{text->c_str(), text->size()};
}

Result<KeyHandle> make_key(const char* kind, OSSL_PARAM_BLD* builder)
{
    const ParametersHandle parameters{OSSL_PARAM_BLD_to_param(builder)};
    const KeyContextHandle context{EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr)};
    EVP_PKEY* made = nullptr;
    if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
        return malformed("a key that is none: " + take_openssl_error());
    }
    KeyHandle key{made};
    const KeyContextHandle check{EVP_PKEY_CTX_new(key.get(), nullptr)};
    if (EVP_PKEY_public_check(check.get()) != 1) {
        return malformed("a key that is none: " + take_openssl_error());
    }
    return key;
}

NumberHandle number_of(ByteView bytes)
{
    return NumberHandle{BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                  static_cast<int>(bytes.size()), nullptr)};
}

Result<KeyHandle> rsa_key(const boost::json::object& object)
{
    SEAL_TRY(modulus, from_base64url(text_of(object, "n")));
    SEAL_TRY(exponent, from_base64url(text_of(object, "e")));
    const NumberHandle n = number_of(modulus);
    const NumberHandle e = number_of(exponent);
    const int bits = BN_num_bits(n.get());
    if (bits < rsa_bits_min || bits > rsa_bits_max || BN_num_bits(e.get()) > 64 ||
        BN_is_odd(e.get()) != 1 || BN_is_one(e.get()) == 1) {
        return malformed("an RSA key has 2048 to 8192 bits and an odd exponent");
    }
    const BuilderHandle builder{OSSL_PARAM_BLD_new()};
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
    return make_key("RSA", builder.get());
}

Result<KeyHandle> p256_key(const boost::json::object& object)
{
    SEAL_TRY(x, from_base64url(text_of(object, "x")));
    SEAL_TRY(y, from_base64url(text_of(object, "y")));
    if (x.size() != coordinate_bytes || y.size() != coordinate_bytes) {
        return malformed("coordinates of P-256 have 32 bytes each");
    }
    Bytes point{std::byte{4}}; // uncompressed (SEC 1, 2.3.3)
    append(point, x);
    append(point, y);
    const BuilderHandle builder{OSSL_PARAM_BLD_new()};
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                     point.size());
    return make_key("EC", builder.get());
}

Result<KeyHandle> ed25519_key(const boost::json::object& object)
{
    SEAL_TRY(x, from_base64url(text_of(object, "x")));
    if (x.size() != ed25519_bytes) {
        return malformed("an Ed25519 key has 32 bytes");
    }
    KeyHandle key{EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(x.data()), x.size())};
    if (key == nullptr) {
        return malformed("a key that is none: " + take_openssl_error());
    }
    return key;
}

struct Key {
    std::string kid;
    std::vector<Algorithm> algorithms;
    KeyHandle key;
    Digest fingerprint{}; // SHA-256 of its SubjectPublicKeyInfo

    [[nodiscard]] bool is_for(Algorithm algorithm) const noexcept
    {
        return std::find(algorithms.begin(), algorithms.end(), algorithm) != algorithms.end();
    }
};

Digest fingerprint_of(EVP_PKEY* key)
{
    Bytes der(static_cast<std::size_t>(std::max(i2d_PUBKEY(key, nullptr), 0)));
    auto* to = reinterpret_cast<unsigned char*>(der.data());
    i2d_PUBKEY(key, &to);
    return sha256(der);
}

// No key: one that we do not take.
Result<std::optional<Key>> read_key(const boost::json::object& object)
{
    const auto kind = text_of(object, "kty");
    const auto curve = text_of(object, "crv");
    const auto use = text_of(object, "use");
    const auto pinned = text_of(object, "alg");
    Key key;
    key.kid = text_of(object, "kid");
    if (kind == "RSA") {
        key.algorithms = {Algorithm::rs256, Algorithm::ps256};
    } else if (kind == "EC" && curve == "P-256") {
        key.algorithms = {Algorithm::es256};
    } else if (kind == "OKP" && curve == "Ed25519") {
        key.algorithms = {Algorithm::eddsa};
    }
    if (!pinned.empty()) {
        std::erase_if(key.algorithms, [&pinned](Algorithm each) { return name(each) != pinned; });
    }
    if (key.algorithms.empty() || (!use.empty() && use != "sig")) {
        return std::optional<Key>{};
    }
    auto made = kind == "RSA"  ? rsa_key(object)
                : kind == "EC" ? p256_key(object)
                               : ed25519_key(object);
    if (!made) {
        return std::move(made).error();
    }
    key.key = *std::move(made);
    key.fingerprint = fingerprint_of(key.key.get());
    return std::optional<Key>{std::move(key)};
}

// R || S of 32 bytes each (RFC 7518, 3.4) as the DER that OpenSSL wants. Numbers outside 1..n-1 it
// refuses itself.
Result<Bytes> to_der(ByteView signature)
{
    if (signature.size() != 2 * coordinate_bytes) {
        return Error{Errc::bad_signature, "an ES256 signature has 64 bytes"};
    }
    const SignatureHandle pair{ECDSA_SIG_new()};
    NumberHandle r = number_of(signature.first(coordinate_bytes));
    NumberHandle s = number_of(signature.subspan(coordinate_bytes));
    ECDSA_SIG_set0(pair.get(), r.release(), s.release());
    Bytes der(static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), nullptr)));
    auto* to = reinterpret_cast<unsigned char*>(der.data());
    i2d_ECDSA_SIG(pair.get(), &to);
    return der;
}

bool is_verified(EVP_PKEY* key, Algorithm algorithm, std::string_view message, ByteView signature)
{
    const DigestContextHandle context{EVP_MD_CTX_new()};
    EVP_PKEY_CTX* details = nullptr;
    const EVP_MD* const digest = algorithm == Algorithm::eddsa ? nullptr : EVP_sha256();
    if (EVP_DigestVerifyInit(context.get(), &details, digest, nullptr, key) != 1) {
        return false;
    }
    if (algorithm == Algorithm::ps256 &&
        (EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) != 1 ||
         EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST) != 1)) {
        return false;
    }
    return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                            signature.size(),
                            reinterpret_cast<const unsigned char*>(message.data()),
                            message.size()) == 1;
}

} // namespace

std::string_view name(Algorithm algorithm) noexcept
{
    return names[static_cast<std::size_t>(algorithm)];
}

std::optional<Algorithm> algorithm_named(std::string_view name) noexcept
{
    const auto* const found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? std::nullopt
                                : std::optional{static_cast<Algorithm>(found - names.begin())};
}

struct KeySet::Native {
    std::vector<Key> keys;
    std::size_t left_out{0};
};

KeySet::KeySet() : native_{std::make_shared<const Native>()} {}

Result<KeySet> KeySet::parse(std::string_view json)
{
    if (json.size() > key_set_bytes_max) {
        return Error{Errc::too_large, "the key set has more than 256 KiB"};
    }
    const JsonLimits limits{8, key_set_bytes_max};
    SEAL_TRY(value, parse_json(json, limits));
    const auto* const object = value.if_object();
    const auto* const member = object == nullptr ? nullptr : object->if_contains("keys");
    const auto* const list = member == nullptr ? nullptr : member->if_array();
    if (list == nullptr || list->size() > keys_max) {
        return malformed("it is no JWK set of at most 100 keys");
    }
    auto native = std::make_shared<Native>();
    for (const auto& each : *list) {
        if (!each.is_object()) {
            return malformed("a key of the set is no object");
        }
        SEAL_TRY(key, read_key(each.get_object()));
        if (!key) {
            ++native->left_out;
            continue;
        }
        const bool is_double =
            std::any_of(native->keys.begin(), native->keys.end(),
                        [&key](const Key& other) { return other.kid == key->kid; });
        if (is_double && !key->kid.empty()) {
            return malformed("two keys of the set have one kid");
        }
        native->keys.push_back(*std::move(key));
    }
    KeySet set;
    set.native_ = std::move(native);
    return set;
}

std::size_t KeySet::size() const noexcept
{
    return native_->keys.size();
}

std::size_t KeySet::left_out() const noexcept
{
    return native_->left_out;
}

bool KeySet::has(std::string_view kid) const noexcept
{
    return std::any_of(native_->keys.begin(), native_->keys.end(),
                       [kid](const Key& key) { return key.kid == kid; });
}

bool KeySet::has_key(const Digest& fingerprint) const noexcept
{
    return std::any_of(native_->keys.begin(), native_->keys.end(),
                       [&fingerprint](const Key& key) { return key.fingerprint == fingerprint; });
}

Result<Digest> KeySet::verify(std::string_view kid, Algorithm algorithm, std::string_view message,
                              ByteView signature) const
{
    const Key* found = nullptr;
    std::size_t fitting = 0;
    for (const Key& key : native_->keys) {
        const bool fits = kid.empty() ? key.is_for(algorithm) : key.kid == kid;
        found = fits ? &key : found;
        fitting += fits ? 1U : 0U;
    }
    if (fitting != 1) {
        return Error{Errc::not_found, "no key, or several, for the token"};
    }
    if (!found->is_for(algorithm)) {
        return Error{Errc::bad_signature, "the key is for another algorithm"};
    }
    Bytes der;
    if (algorithm == Algorithm::es256) {
        SEAL_TRY(encoded, to_der(signature));
        der = std::move(encoded);
        signature = der;
    }
    const bool is_good = is_verified(found->key.get(), algorithm, message, signature);
    ERR_clear_error();
    if (!is_good) {
        return Error{Errc::bad_signature, "the signature is another's"};
    }
    return found->fingerprint;
}

} // namespace sealstream::security
