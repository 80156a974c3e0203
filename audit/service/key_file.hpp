#pragma once

// The signing key on disk: one line "PRIVATE+KEY+<name>+<id>+<base64>" (audit/note_key.hpp),
// readable by its owner alone.

#include "audit/note_key.hpp"

#include <filesystem>

namespace sealstream {

//   not_found     there is no such file
//   forbidden     others than the owner may read or write it (mode 0600 or less is demanded)
//   malformed     not a private key
[[nodiscard]] Result<SigningKey> load_signing_key(const std::filesystem::path& path);

// Makes a new file of mode 0600; never overwrites one.
//   conflict      there is a file already
//   unavailable   it can not be written
[[nodiscard]] Result<void> save_signing_key(const SigningKey& key,
                                            const std::filesystem::path& path);

} // namespace sealstream
