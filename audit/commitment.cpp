#include "audit/commitment.hpp"

#include <algorithm>

namespace sealstream {

namespace {

constexpr std::string_view record_label{"sealstream/record/v1\0", 21};
constexpr std::string_view stream_label{"sealstream/stream/v1\0", 21};
constexpr std::string_view incarnation_label{"sealstream/incarnation/v1\0", 26};

Digest commit(std::string_view label, ByteView salt, ByteView content)
{
    // Label, salt and length in one piece: each call into the hasher costs as much as 20 bytes of
    // input.
    std::array<std::byte, 26 + 32 + 8> head;
    auto end = std::copy_n(as_bytes(label).begin(), label.size(), head.begin());
    end = std::copy(salt.begin(), salt.end(), end);
    for (int shift = 56; shift >= 0; shift -= 8) {
        *end++ = static_cast<std::byte>((content.size() >> shift) & 0xff);
    }
    thread_local Sha256 hasher;
    hasher.reset();
    hasher.update(ByteView{head.begin(), end});
    hasher.update(content);
    return hasher.finish();
}

} // namespace

Digest commit_record(const Salt& salt, ByteView record)
{
    return commit(record_label, salt, record);
}

Digest commit_stream(const Salt& salt, std::string_view type_slash_id)
{
    return commit(stream_label, salt, as_bytes(type_slash_id));
}

Digest commit_incarnation(std::string_view incarnation)
{
    return commit(incarnation_label, {}, as_bytes(incarnation));
}

} // namespace sealstream
