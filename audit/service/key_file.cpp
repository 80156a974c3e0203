#include "audit/service/key_file.hpp"

#include "core/base/private_file.hpp"

namespace sealstream {

Result<SigningKey> load_signing_key(const std::filesystem::path& path)
{
    SEAL_TRY(line, load_private_line(path));
    auto key = SigningKey::parse(line);
    return key ? key : Result<SigningKey>{with_context(key.error(), path.string())};
}

Result<void> save_signing_key(const SigningKey& key, const std::filesystem::path& path)
{
    return save_private_line(key.to_string(), path);
}

} // namespace sealstream
