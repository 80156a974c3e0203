#include "audit/leaf.hpp"
#include "core/base/encoding.hpp"
#include "tests/audit/note_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <cstdlib>
#include <fstream>

using namespace sealstream;
using namespace sealstream::testing;

namespace {

Digest digest_of(int byte)
{
    Digest digest;
    digest.bytes.fill(static_cast<std::byte>(byte));
    return digest;
}

EventId id_of(int byte)
{
    EventId id;
    id.bytes.fill(static_cast<std::byte>(byte));
    return id;
}

KeyLeaf key_leaf(bool has_previous)
{
    KeyLeaf leaf{log_key().verifier(), {}, {}, {}};
    if (has_previous) {
        leaf.previous = witness_key().verifier();
    }
    const std::string statement = key_statement(leaf);
    leaf.signature = log_key().key.sign(as_bytes(statement));
    if (has_previous) {
        leaf.previous_signature = witness_key().key.sign(as_bytes(statement));
    }
    return leaf;
}

std::vector<Leaf> one_leaf_of_each()
{
    const WallTime time{1'700'000'000'000'000'000};
    return {
        {0, {}, {}, key_leaf(false)},
        {1, digest_of(1), time,
         EventLeaf{digest_of(2), Position{1}, id_of(3), digest_of(4), Version{1}, time,
                   digest_of(5)}},
        {23, digest_of(1), time, HeartbeatLeaf{digest_of(2), Position{0}}},
        {24, digest_of(1), time, GapLeaf{digest_of(2), Position{255}, Position{256}}},
        {65'536, digest_of(1), time,
         RollbackLeaf{RollbackReason::other_log, digest_of(2), Position{65'535}, digest_of(3),
                      Position{4'294'967'296}, Position{0}}},
        {25, digest_of(1), time, RejectedLeaf{digest_of(2), Position{7}, time, digest_of(3)}},
        {tree_size_max, digest_of(1), time, key_leaf(true)},
    };
}

std::string source_file(std::string_view name)
{
    const char* const root = std::getenv("SEALSTREAM_SOURCE_DIR");
    return std::string{root != nullptr ? root : "."} + "/" + std::string{name};
}

} // namespace

TEST_CASE("a leaf reads back as it was, and writes back to the same bytes", "[audit]")
{
    for (const Leaf& leaf : one_leaf_of_each()) {
        const Bytes bytes = encode_leaf(leaf);
        const auto decoded = decode_leaf(bytes);
        INFO(to_hex(bytes));
        REQUIRE(decoded.has_value());
        CHECK(*decoded == leaf);
        CHECK(encode_leaf(*decoded) == bytes);
    }
}

TEST_CASE("leaves have the frozen bytes of an independent encoder", "[audit][vectors]")
{
    std::ifstream file{source_file("tests/vectors/audit/leaves.txt")};
    std::size_t leaves = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        const auto space = line.find(' ');
        const auto bytes = from_hex(line.substr(0, space));
        REQUIRE(bytes.has_value());
        INFO(line);
        const auto leaf = decode_leaf(*bytes);
        REQUIRE(leaf.has_value());
        CHECK(encode_leaf(*leaf) == *bytes);
        CHECK(to_hex(leaf_hash(*bytes).view()) == line.substr(space + 1));
        ++leaves;
    }
    CHECK(leaves == 6);
}

TEST_CASE("commitments have the values of an independent implementation", "[audit][vectors]")
{
    Salt salt{};
    salt.fill(std::byte{7});

    CHECK(to_hex(commit_record(salt, as_bytes("{}")).view()) ==
          "e8e0046edcd0c0770d229dfdb43d0205ea8b33f9f01b25d289abd7df7ad0c8b0");
    CHECK(to_hex(commit_stream(salt, "deal/1").view()) ==
          "36cdeab81920dd5fcce617fcde4356324a997a9777360dbb4629f22290a11065");
    CHECK(to_hex(commit_incarnation("2025-01-01T00:00:00Z").view()) ==
          "e83367ce43671e659e85d56cf4dafd3863730c477359b9ca2ba1703b029a1c22");
}

TEST_CASE(
    "no leaf that was cut, lengthened or changed writes back as itself unless it is another leaf",
    "[audit][exhaustive]")
{
    std::size_t refused = 0;
    std::size_t wrong = 0;
    for (const Leaf& leaf : one_leaf_of_each()) {
        const Bytes bytes = encode_leaf(leaf);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            wrong += decode_leaf(ByteView{bytes}.first(size)).has_value() ? 1U : 0U;
        }
        Bytes longer = bytes;
        longer.push_back(std::byte{0});
        wrong += decode_leaf(longer).has_value() ? 1U : 0U;
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            for (unsigned bit = 0; bit < 8; ++bit) {
                Bytes changed = bytes;
                changed[at] ^= static_cast<std::byte>(1U << bit);
                const auto decoded = decode_leaf(changed);
                refused += decoded ? 0U : 1U;
                wrong +=
                    decoded && (encode_leaf(*decoded) != changed || *decoded == leaf) ? 1U : 0U;
            }
        }
    }
    CHECK(wrong == 0);
    CHECK(refused > 0);
}

TEST_CASE("second spellings, unknown classes and unknown formats are refused", "[audit]")
{
    const std::string prev = "5820" + std::string(64, '0');
    const std::string body = "825820" + std::string(64, '1') + "00";
    REQUIRE(decode_leaf(*from_hex("86010200" + prev + "00" + body)).has_value());

    const std::pair<std::string, Errc> rows[] = {
        {"8601021800" + prev + "00" + body, Errc::malformed}, // 0 in two bytes
        {"86010219001"
         "8" +
             prev + "00" + body,
         Errc::malformed}, // 24 in three bytes
        {"8601021b7fffffffffffffff" + prev + "1bffffffffffffffff" + body, Errc::malformed},
        {"8601021b8000000000000000" + prev + "00" + body, Errc::malformed}, // index over 2^63-1
        {"9f010200" + prev + "00" + body + "ff", Errc::malformed},          // indefinite array
        {"86010200"
         "5f" +
             prev + "ff00" + body,
         Errc::malformed}, // indefinite string
        {"86010200"
         "581f" +
             std::string(62, '0') + "00" + body,
         Errc::malformed},
        {"85010200" + prev + "00", Errc::malformed},
        {"86010200" + prev + "00" + body + "00", Errc::malformed},
        {"86010200" + prev + "20" + body, Errc::malformed}, // a negative time
        {"86010000" + prev + "00" + body, Errc::unsupported},
        {"86010500" + prev + "00" + body, Errc::unsupported}, // ERASURE has no form yet
        {"86010c00" + prev + "00" + body, Errc::unsupported},
        {"8601190100"
         "00" +
             prev + "00" + body,
         Errc::unsupported},                                  // class 256
        {"86020200" + prev + "00" + body, Errc::unsupported}, // format 2
        {"86010300" + prev +
             "00"
             "835820" +
             std::string(64, '1') + "0201",
         Errc::malformed}, // 2..1
        {"86010300" + prev +
             "00"
             "835820" +
             std::string(64, '1') + "0001",
         Errc::malformed}, // 0..1
    };
    for (const auto& [hex, code] : rows) {
        INFO(hex);
        const auto leaf = decode_leaf(*from_hex(hex));
        REQUIRE(!leaf.has_value());
        CHECK(leaf.error().code == code);
    }
}

TEST_CASE("a KEY leaf must be signed by the keys it names", "[audit]")
{
    KeyLeaf leaf = key_leaf(true);
    CHECK(verify_key_leaf(leaf).has_value());
    CHECK(verify_key_leaf(key_leaf(false)).has_value());

    leaf.signature[5] ^= std::byte{1};
    CHECK(verify_key_leaf(leaf).error().code == Errc::bad_signature);
    leaf = key_leaf(true);
    leaf.previous.reset();
    CHECK(verify_key_leaf(leaf).error().code == Errc::bad_signature);
    leaf = key_leaf(true);
    leaf.previous_signature->front() ^= std::byte{1};
    CHECK(verify_key_leaf(leaf).error().code == Errc::bad_signature);
}

TEST_CASE("random leaves of every size of number read back", "[audit][property]")
{
    auto random = random_generator(0xa0d1);
    std::size_t wrong = 0;
    for (int round = 0; round < 5000; ++round) {
        const auto number = [&random] { return random() >> (1 + random() % 63); };
        const Leaf leaf{number(), digest_of(static_cast<int>(random() % 256)),
                        WallTime{static_cast<std::int64_t>(number())},
                        EventLeaf{digest_of(1), Position{number()}, id_of(2), digest_of(3),
                                  Version{number()}, WallTime{static_cast<std::int64_t>(number())},
                                  digest_of(4)}};
        const auto decoded = decode_leaf(encode_leaf(leaf));
        wrong += decoded && *decoded == leaf ? 0U : 1U;
    }
    CHECK(wrong == 0);
}
