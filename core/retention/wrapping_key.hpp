#pragma once

// The key that wraps the keys of payloads, so that their table alone opens nothing: pure. It is in
// a file of its own, one line of text.

#include "core/event/payload_cipher.hpp"

namespace sealstream {

class WrappingKey {
public:
    [[nodiscard]] static WrappingKey generate();

    // "sealstream-wrapping-key+v1+<Base64url>"
    //   malformed   anything else
    [[nodiscard]] static Result<WrappingKey> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;

    // Names it without telling it: 16 hexadecimal digits.
    [[nodiscard]] std::string name() const;

    // Bound to the ledger and to the name of the wrapped key.
    [[nodiscard]] Bytes wrap(std::string_view ledger, const PayloadKey& key) const;
    //   corrupt   wrapped by another key, or for another ledger or name
    [[nodiscard]] Result<AesKey> unwrap(std::string_view ledger, std::string_view name,
                                        ByteView wrapped) const;

private:
    explicit WrappingKey(const AesKey& secret) : secret_{secret} {}
    AesKey secret_;
};

} // namespace sealstream
