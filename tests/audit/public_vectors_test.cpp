// Vectors of other projects: Merkle proofs of transparency-dev/merkle, and the Ed25519 edge cases
// of C2SP/CCTV. SEALSTREAM_VECTORS names the folder that holds merkle/ and ed25519/; without it
// these cases print MISSING and check nothing.

#include "audit/consistency.hpp"
#include "audit/inclusion.hpp"
#include "audit/signature.hpp"
#include "core/base/check.hpp"
#include "core/base/encoding.hpp"
#include "tests/support/catch.hpp"

#include <boost/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

using namespace sealstream;

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::optional<fs::path> vectors(std::string_view folder)
{
    const char* const root = std::getenv("SEALSTREAM_VECTORS");
    if (root == nullptr || !fs::is_directory(fs::path{root} / folder)) {
        std::cout << "MISSING: SEALSTREAM_VECTORS/" << folder
                  << ", nothing was checked against it\n";
        return std::nullopt;
    }
    return fs::path{root} / folder;
}

json::value read_json(const fs::path& path)
{
    std::ifstream file{path, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    boost::system::error_code failure;
    auto value = json::parse(text, failure);
    SEAL_CHECK(!failure, "a vector file is JSON");
    return value;
}

Result<Digest> digest_at(const json::value& vector, std::string_view name)
{
    const auto bytes = from_base64(std::string_view{vector.at(name).as_string()});
    SEAL_CHECK(bytes.has_value(), "vectors are Base64");
    return digest_from(*bytes);
}

// Some roots are the words "don't care", which no Digest holds: their hash is equal exactly when
// they are.
Digest root_at(const json::value& vector, std::string_view name)
{
    const auto digest = digest_at(vector, name);
    return digest ? *digest : sha256(as_bytes(std::string_view{vector.at(name).as_string()}));
}

std::uint64_t number_at(const json::value& vector, std::string_view name)
{
    const json::value& number = vector.at(name);
    return number.is_uint64() ? number.get_uint64() : static_cast<std::uint64_t>(number.as_int64());
}

Result<std::vector<Digest>> proof_of(const json::value& vector)
{
    std::vector<Digest> proof;
    if (!vector.at("proof").is_array()) {
        return proof;
    }
    for (const json::value& hash : vector.at("proof").as_array()) {
        SEAL_TRY(bytes, from_base64(std::string_view{hash.as_string()}));
        SEAL_TRY(digest, digest_from(bytes));
        proof.push_back(digest);
    }
    return proof;
}

Result<void> check_inclusion(const json::value& vector)
{
    SEAL_TRY(leaf, digest_at(vector, "leafHash"));
    SEAL_TRY(root, digest_at(vector, "root"));
    SEAL_TRY(proof, proof_of(vector));
    return verify_inclusion(leaf, number_at(vector, "leafIdx"), number_at(vector, "treeSize"),
                            proof, root);
}

Result<void> check_consistency(const json::value& vector)
{
    const Digest root1 = root_at(vector, "root1");
    const Digest root2 = root_at(vector, "root2");
    SEAL_TRY(proof, proof_of(vector));
    return verify_consistency(number_at(vector, "size1"), root1, number_at(vector, "size2"), root2,
                              proof);
}

struct Tally {
    std::size_t good{0};
    std::size_t bad{0};
};

Tally run_vectors(const fs::path& folder, Result<void> (*check)(const json::value&))
{
    Tally tally;
    for (const auto& file : fs::recursive_directory_iterator{folder}) {
        if (file.path().extension() != ".json") {
            continue;
        }
        const json::value vector = read_json(file.path());
        const bool must_refuse = vector.at("wantErr").as_bool();
        INFO(file.path());
        CHECK(check(vector).has_value() == !must_refuse);
        ++(must_refuse ? tally.bad : tally.good);
    }
    return tally;
}

} // namespace

TEST_CASE("the public Merkle proofs are accepted and refused as their authors say",
          "[audit][vectors]")
{
    const auto folder = vectors("merkle");
    if (!folder) {
        return;
    }

    const Tally inclusion = run_vectors(*folder / "inclusion", &check_inclusion);
    const Tally consistency = run_vectors(*folder / "consistency", &check_consistency);

    CHECK(inclusion.good + inclusion.bad == 98);
    CHECK(consistency.good + consistency.bad == 98);
    CHECK(inclusion.bad + consistency.bad == 184);
    std::cout
        << "the 322 subtree vectors are not used: we neither sign subtrees nor feed mirrors\n";
}

TEST_CASE("our verdicts on the edge cases of Ed25519 stay what they are", "[audit][vectors]")
{
    const auto folder = vectors("ed25519");
    if (!folder) {
        return;
    }
    const json::value rows = read_json(*folder / "ed25519vectors.json");
    std::size_t accepted = 0;
    std::string verdicts;

    for (const json::value& row : rows.as_array()) {
        const auto key_bytes = from_hex(std::string_view{row.at("key").as_string()});
        const auto signature = from_hex(std::string_view{row.at("sig").as_string()});
        PublicKey key{};
        REQUIRE(key_bytes->size() == key.size());
        std::copy(key_bytes->begin(), key_bytes->end(), key.begin());
        const bool is_good =
            is_signed(as_bytes(std::string_view{row.at("msg").as_string()}), *signature, key);
        accepted += is_good ? 1U : 0U;
        verdicts += is_good ? '1' : '0';
    }

    // OpenSSL 3.0 does what RFC 8032 allows without cofactor (k from the bytes as they are, R
    // compared as bytes): no signature with a low order residue and none with a non-canonical R,
    // but small and non-canonical keys pass. That is why docs/audit.md tells to pin keys.
    CHECK(verdicts.size() == 914);
    CHECK(accepted == 208);
    CHECK(to_hex(sha256(as_bytes(verdicts)).view()) ==
          "84f50637f4b7703cd2a19661ed486821790b449e738be7878086d2d0348e4262");
}
