#pragma once

// Hexadecimal (lower case) and Base64 (RFC 4648; standard alphabet with padding, and URL-safe
// without). Decoding is strict: other letters, wrong padding or stray bits are `malformed`.

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

#include <string>

namespace sealstream {

[[nodiscard]] std::string to_hex(ByteView bytes);
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);

[[nodiscard]] std::string to_base64(ByteView bytes);
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);

[[nodiscard]] std::string to_base64url(ByteView bytes);
[[nodiscard]] Result<Bytes> from_base64url(std::string_view text);

} // namespace sealstream
