#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/digest.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/source_files.hpp"

#include <set>

using namespace sealstream;
using namespace sealstream::testing;

TEST_CASE("SHA-256 gives the published digests", "[digest][vectors]")
{
    // FIPS 180-4 examples (NIST, SHA256.pdf and SHA2_Additional.pdf) and the empty message.
    const std::string long_text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    const std::vector<std::pair<std::string, const char*>> rows{
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {long_text, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {std::string(1'000'000, 'a'),
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (const auto& [text, digest] : rows) {
        INFO(text.substr(0, 60));
        CHECK(to_hex(sha256(as_bytes(text)).view()) == digest);
    }
}

TEST_CASE("SHA-256 of pieces is SHA-256 of the whole", "[digest][property]")
{
    auto random = random_generator(20);
    Sha256 hasher;
    for (int round = 0; round < 200; ++round) {
        Bytes whole(random() % 300);
        fill_random(whole);
        hasher.reset();
        for (std::size_t at = 0; at < whole.size();) {
            const std::size_t size = std::min<std::size_t>(1 + random() % 70, whole.size() - at);
            hasher.update(ByteView{whole}.subspan(at, size));
            at += size;
        }
        REQUIRE(hasher.finish() == sha256(whole));
    }
}

TEST_CASE("BLAKE3 gives the digests of the official test input", "[digest][vectors]")
{
    const auto vectors = *parse_json(read_source_file("tests/vectors/hash/blake3.json"));
    for (const auto& row : vectors.at("cases").as_array()) {
        const auto size = static_cast<std::size_t>(row.at("input_len").as_int64());
        INFO(size << " bytes");
        Bytes input(size);
        for (std::size_t at = 0; at < size; ++at) {
            input[at] = static_cast<std::byte>(at % 251);
        }
        CHECK(to_hex(blake3(input).view()) == std::string{row.at("hash").as_string().c_str()});
    }
    CHECK(vectors.at("cases").as_array().size() == 35);
}

TEST_CASE("random bytes do not come twice", "[digest][property]")
{
    auto random = random_generator(21);
    std::set<Bytes> seen;
    for (int round = 0; round < 2000; ++round) {
        Bytes bytes(round % 100 == 0 ? 1025 : 16 + random() % 40);
        fill_random(bytes);
        bytes.resize(16);
        seen.insert(bytes);
    }
    CHECK(seen.size() == 2000);
}
