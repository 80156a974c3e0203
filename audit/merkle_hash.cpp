#include "audit/merkle_hash.hpp"

#include <algorithm>

namespace sealstream {

Digest leaf_hash(ByteView leaf)
{
    constexpr std::array prefix{std::byte{0}};
    thread_local Sha256 hasher;
    hasher.reset();
    hasher.update(prefix);
    hasher.update(leaf);
    return hasher.finish();
}

Digest node_hash(const Digest& left, const Digest& right)
{
    std::array<std::byte, 1 + 2 * digest_size> input;
    input[0] = std::byte{1};
    std::copy(left.bytes.begin(), left.bytes.end(), input.begin() + 1);
    std::copy(right.bytes.begin(), right.bytes.end(), input.begin() + 1 + digest_size);
    return sha256(input);
}

const Digest& empty_root()
{
    static const Digest root = sha256({});
    return root;
}

Result<Digest> digest_from(ByteView bytes)
{
    if (bytes.size() != digest_size) {
        return Error{Errc::malformed, "a hash has 32 bytes"};
    }
    Digest digest;
    std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
    return digest;
}

} // namespace sealstream
