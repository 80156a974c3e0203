#include "core/event/payload_cipher.hpp"

#include "core/base/check.hpp"
#include "core/base/encoding.hpp"
#include "core/event/canonical_scan.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::string_view reserved = R"({"$encrypted":)";
constexpr std::string_view before_key = R"({"$encrypted":{"cipher":"A256GCM","key":")";
constexpr std::string_view before_nonce = R"(","nonce":")";
constexpr std::string_view before_text = R"(","text":")";
constexpr std::string_view after_text = R"("}})";

constexpr std::string_view key_label{"sealstream/payload-key/v1\0", 26};
constexpr std::string_view nonce_label{"sealstream/payload-nonce/v1\0", 28};

constexpr std::size_t nonce_letters = 16;

constexpr std::string_view before_data = R"({"data":)";
constexpr std::string_view before_meta = R"(,"meta":)";

bool is_key_letter(char letter)
{
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') ||
           std::string_view{"._:/-"}.find(letter) != std::string_view::npos;
}

bool is_base64url_letter(char letter)
{
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_';
}

struct Parts {
    std::string_view key;
    std::string_view nonce;
    std::string_view text;
};

std::optional<Parts> parts_of(std::string_view data)
{
    if (!data.starts_with(before_key) || !data.ends_with(after_text)) {
        return std::nullopt;
    }
    data.remove_prefix(before_key.size());
    const auto key_end = data.find('"');
    Parts parts{data.substr(0, key_end), {}, {}};
    data.remove_prefix(parts.key.size());
    if (!data.starts_with(before_nonce)) {
        return std::nullopt;
    }
    data.remove_prefix(before_nonce.size());
    parts.nonce = data.substr(0, nonce_letters);
    data.remove_prefix(parts.nonce.size());
    if (!data.starts_with(before_text) || data.size() < before_text.size() + after_text.size()) {
        return std::nullopt;
    }
    data.remove_prefix(before_text.size());
    parts.text = data.substr(0, data.size() - after_text.size());
    const bool is_named = !parts.key.empty() && parts.key.size() <= payload_key_name_max &&
                          std::all_of(parts.key.begin(), parts.key.end(), is_key_letter);
    const bool is_form = std::all_of(parts.nonce.begin(), parts.nonce.end(), is_base64url_letter) &&
                         std::all_of(parts.text.begin(), parts.text.end(), is_base64url_letter);
    return is_named && is_form ? std::optional{parts} : std::nullopt;
}

void append_text(Bytes& to, std::string_view text)
{
    append_big_endian(to, static_cast<std::uint32_t>(text.size()));
    append(to, as_bytes(text));
}

Bytes context_of(std::string_view key_name, const Draft& draft, const StreamName& stream)
{
    Bytes context;
    append_text(context, key_name);
    append(context, draft.id.bytes);
    append_text(context, stream.to_string());
    append_text(context, draft.type);
    return context;
}

AesKey secret_of(const PayloadKey& key, ByteView context)
{
    Bytes message = to_bytes(key_label);
    append(message, context);
    return hmac_sha256(key.secret, message).bytes;
}

AesNonce nonce_of(const PayloadKey& key, ByteView context, ByteView clear)
{
    Bytes message = to_bytes(nonce_label);
    append(message, context);
    append(message, clear);
    const Digest digest = hmac_sha256(key.secret, message);
    AesNonce nonce{};
    std::copy_n(digest.bytes.begin(), nonce.size(), nonce.begin());
    return nonce;
}

Error corrupt(const Event& event, const std::string& why)
{
    return {Errc::corrupt, "the payload of event " + event.draft.id.to_string() + ": " + why};
}

// Puts {"data":…,"meta":…} where it belongs.
bool take_apart(std::string_view clear, Draft& to)
{
    if (!clear.starts_with(before_data) || !clear.ends_with('}')) {
        return false;
    }
    const char* const end = clear.data() + clear.size();
    const char* const data = clear.data() + before_data.size();
    const char* const data_end = skip_canonical_value(data, end);
    if (data_end == nullptr) {
        return false;
    }
    std::string_view rest{data_end, static_cast<std::size_t>(end - data_end)};
    std::string meta;
    if (rest.starts_with(before_meta)) {
        rest.remove_prefix(before_meta.size());
        meta = rest.substr(0, rest.size() - 1);
        if (!meta.starts_with('{') || !is_canonical_json(meta)) {
            return false;
        }
        rest = rest.substr(rest.size() - 1);
    }
    if (rest != "}") {
        return false;
    }
    to.data.assign(data, data_end);
    to.meta = std::move(meta);
    return true;
}

} // namespace

bool is_reserved_data(std::string_view data) noexcept
{
    return data.starts_with(reserved);
}

std::optional<std::string_view> payload_key_of(std::string_view data)
{
    const auto parts = parts_of(data);
    return parts ? std::optional{parts->key} : std::nullopt;
}

void encrypt_payload(Draft& draft, const StreamName& stream, const PayloadKey& key)
{
    std::string clear;
    clear.append(before_data).append(draft.data);
    if (!draft.meta.empty()) {
        clear.append(before_meta).append(draft.meta);
    }
    clear.push_back('}');
    const Bytes context = context_of(key.name, draft, stream);
    const AesNonce nonce = nonce_of(key, context, as_bytes(clear));
    const Bytes text = aes_gcm_encrypt(secret_of(key, context), nonce, context, as_bytes(clear));
    std::string data;
    data.append(before_key).append(key.name).append(before_nonce).append(to_base64url(nonce));
    data.append(before_text).append(to_base64url(text)).append(after_text);
    SEAL_CHECK(payload_key_of(data).has_value(), "the key has a name of its form");
    draft.data = std::move(data);
    draft.meta.clear();
}

Result<void> decrypt_payload(Event& event, const PayloadKey& key)
{
    const auto parts = parts_of(event.draft.data);
    if (!parts || parts->key != key.name || !event.draft.meta.empty()) {
        return corrupt(event, "it is not encrypted under " + key.name);
    }
    const auto nonce_bytes = from_base64url(parts->nonce);
    const auto text = from_base64url(parts->text);
    if (!nonce_bytes || nonce_bytes->size() != aes_nonce_size || !text) {
        return corrupt(event, "nonce or text is no Base64url");
    }
    AesNonce nonce{};
    std::copy(nonce_bytes->begin(), nonce_bytes->end(), nonce.begin());
    const Bytes context = context_of(key.name, event.draft, event.stream);
    const auto clear = aes_gcm_decrypt(secret_of(key, context), nonce, context, *text);
    if (!clear) {
        return corrupt(event, clear.error().context);
    }
    if (!take_apart(as_text(*clear), event.draft)) {
        return corrupt(event, "what was encrypted is no payload");
    }
    return {};
}

void expire_payload(Event& event)
{
    event.draft.data = "null";
    event.draft.meta.clear();
    event.is_expired = true;
}

} // namespace sealstream
