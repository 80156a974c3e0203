#pragma once

// The form in which a log keeps a payload that can be forgotten: encrypted, under a key whose
// destruction makes it unreadable for ever, wherever copies of the log are. What is hashed, sealed
// and proven are the encrypted bytes, so every proof goes on holding. docs/record.md has the form,
// tests/vectors/payload what a second implementation made of it.
//
// The payload is data and meta together; all other fields stay as they are. In the record, data is
//
//   {"$encrypted":{"cipher":"A256GCM","key":NAME,"nonce":…,"text":…}}
//
// and meta is absent. Nonce and text are Base64url. With
//
//   context = u32 length, key name   16 bytes id   u32 length, stream   u32 length, event type
//   clear   = {"data":…} or {"data":…,"meta":…}, canonical JSON
//   nonce   = the first 12 bytes of HMAC-SHA256(key, "sealstream/payload-nonce/v1" 00 context
//   clear) secret  = HMAC-SHA256(key, "sealstream/payload-key/v1" 00 context)
//
// text is AES-256-GCM(secret, nonce, context, clear) with its tag behind it. So a text fits one
// event only, each event has a secret of its own, and the same event gets the same text again.

#include "core/event/aes_gcm.hpp"
#include "core/event/event.hpp"

#include <optional>

namespace sealstream {

// Names a key: 1 to 200 of A-Za-z0-9._:/- , which JSON writes as they are.
inline constexpr std::size_t payload_key_name_max = 200;

struct PayloadKey {
    std::string name;
    AesKey secret{};
};

// Data whose first member is $encrypted. No client may append such data.
[[nodiscard]] bool is_reserved_data(std::string_view data) noexcept;

// The name of the key that `data` is encrypted under; nothing when it is in clear.
[[nodiscard]] std::optional<std::string_view> payload_key_of(std::string_view data);

void encrypt_payload(Draft& draft, const StreamName& stream, const PayloadKey& key);

// `event` must be encrypted under this key.
//   corrupt   it is altered, of another event, or of another key of that name
[[nodiscard]] Result<void> decrypt_payload(Event& event, const PayloadKey& key);

// As it is read once its key is gone: data is null, there is no meta, and is_expired says why.
void expire_payload(Event& event);

} // namespace sealstream
