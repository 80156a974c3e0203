#include "audit/entry.hpp"
#include "core/base/encoding.hpp"
#include "tests/audit/note_support.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

using namespace sealstream;
using namespace sealstream::testing;

namespace {

Digest filled(int byte)
{
    Digest digest;
    digest.bytes.fill(static_cast<std::byte>(byte));
    return digest;
}

std::vector<Entry> one_of_each()
{
    const WallTime time{1'700'000'000'000'000'000};
    BlockEntry block{2, 5, 2, Position{5}, Position{6}, filled(1), {}};
    for (std::uint64_t index = 5; index < 7; ++index) {
        const Bytes leaf =
            encode_leaf({index, filled(1), time, HeartbeatLeaf{filled(2), Position{6}}});
        append_big_endian(block.bundle, static_cast<std::uint16_t>(leaf.size()));
        append(block.bundle, leaf);
    }
    return {EpochEntry{2, "writer", log_key().verifier(), 5, filled(1), 9}, block,
            CheckpointEntry{2,
                            "a note",
                            {filled(3), filled(4)},
                            filled(5),
                            time,
                            filled(6),
                            Position{6},
                            filled(7)}};
}

} // namespace

TEST_CASE("an entry reads back as it was, and writes back to the same bytes", "[audit]")
{
    for (const Entry& entry : one_of_each()) {
        const Bytes bytes = encode_entry(entry);
        const auto decoded = decode_entry(bytes);
        INFO(to_hex(bytes));
        REQUIRE(decoded.has_value());
        CHECK(*decoded == entry);
        CHECK(encode_entry(*decoded) == bytes);
        CHECK(is_checkpoint_entry(bytes) == std::holds_alternative<CheckpointEntry>(entry));
    }
}

TEST_CASE("an entry that was cut, lengthened or changed is refused or another one",
          "[audit][exhaustive]")
{
    std::size_t wrong = 0;
    std::size_t refused = 0;
    for (const Entry& entry : one_of_each()) {
        const Bytes bytes = encode_entry(entry);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            wrong += decode_entry(ByteView{bytes}.first(size)).has_value() ? 1U : 0U;
        }
        Bytes longer = bytes;
        longer.push_back(std::byte{0});
        wrong += decode_entry(longer).has_value() ? 1U : 0U;
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            Bytes changed = bytes;
            changed[at] ^= std::byte{0x80};
            const auto decoded = decode_entry(changed);
            refused += decoded ? 0U : 1U;
            wrong += decoded && (*decoded == entry || encode_entry(*decoded) != changed) ? 1U : 0U;
        }
    }
    CHECK(wrong == 0);
    CHECK(refused > 100);
}

TEST_CASE("an entry tells why it is refused", "[audit]")
{
    CHECK(decode_entry({}).error().code == Errc::malformed);
    CHECK(decode_entry(*from_hex("0201")).error().code == Errc::unsupported);
    CHECK(decode_entry(*from_hex("0104")).error().code == Errc::unsupported);
    CHECK(decode_entry(*from_hex("0101")).error().code == Errc::malformed);
    BlockEntry many;
    many.count = block_leaves_max + 1;
    many.bundle.resize(2 * many.count);
    CHECK(decode_entry(encode_entry(many)).error().code == Errc::malformed);
    many.count = 1;
    many.bundle = Bytes(2);
    CHECK(decode_entry(encode_entry(many)).has_value());
    many.count = 0;
    many.bundle.clear();
    CHECK(decode_entry(encode_entry(many)).error().code == Errc::malformed);
}

TEST_CASE("the worked example in docs/audit.md is the entry that it says", "[audit][vectors]")
{
    const char* const root = std::getenv("SEALSTREAM_SOURCE_DIR");
    std::ifstream file{std::string{root != nullptr ? root : "."} + "/docs/audit.md"};
    const std::string page{std::istreambuf_iterator<char>{file}, {}};
    constexpr std::string_view mark = "```hex\n";
    const auto begin = page.find(mark);
    REQUIRE(begin != std::string::npos);
    std::string hex =
        page.substr(begin + mark.size(), page.find("```", begin + 3) - begin - mark.size());
    std::erase_if(hex, [](char letter) { return letter == ' ' || letter == '\n'; });
    const EpochEntry expected{1, "a", log_key().verifier(), 0, {}, 1};

    const auto bytes = from_hex(hex);

    INFO("the right bytes are " << to_hex(encode_entry(expected)));
    REQUIRE(bytes.has_value());
    const auto entry = decode_entry(*bytes);
    REQUIRE(entry.has_value());
    CHECK(std::get<EpochEntry>(*entry) == expected);
}
