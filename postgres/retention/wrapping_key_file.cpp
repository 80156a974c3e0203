#include "postgres/retention/wrapping_key_file.hpp"

#include "core/base/private_file.hpp"

namespace sealstream {

Result<WrappingKey> load_wrapping_key(const std::filesystem::path& path)
{
    SEAL_TRY(line, load_private_line(path));
    auto key = WrappingKey::parse(line);
    return key ? key : Result<WrappingKey>{with_context(key.error(), path.string())};
}

Result<void> save_wrapping_key(const WrappingKey& key, const std::filesystem::path& path)
{
    return save_private_line(key.to_string(), path);
}

} // namespace sealstream
