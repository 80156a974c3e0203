// Values that an independent implementation has computed (tests/vectors/audit/README.md).

#include "audit/consistency.hpp"
#include "audit/inclusion.hpp"
#include "audit/tile.hpp"
#include "tests/audit/tree_support.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;

TEST_CASE("the reference leaves of RFC 6962 logs have the published roots", "[audit][vectors]")
{
    const std::string_view roots[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    const DenseTree tree = reference_tree();

    for (std::uint64_t size = 0; size <= 8; ++size) {
        CHECK(to_hex(tree.root_at(size).view()) == roots[size]);
    }
}

TEST_CASE("numbered leaves have the known roots up to 70,000", "[audit][vectors]")
{
    const std::pair<std::uint64_t, std::string_view> rows[] = {
        {1, "3e7077fd2f66d689e0cee6a7cf5b37bf2dca7c979af356d0a31cbc5c85605c7d"},
        {2, "a7d91894b61fbf46378d88e3e1b1f7aef39532c504b484bd31551d15e0a09dff"},
        {3, "9b4965f8b220ba42f7039ad0781c966cf90bb1aea15a80586d634b322ab1f4ce"},
        {255, "bb3b9743e08118ea583ae77df04a1449a0601cde6f75146d79c2cab6366ce210"},
        {256, "15e2dd4973ae44de8c8cf3048fd98d17adaaea6287f4e0606a55a643617408c0"},
        {257, "d418c0873259bce7d0561ab004486112416c1c4490865415342bfe06e673146c"},
        {512, "3adf8fb25fc5a1fef35934e788cdacf7d39d6b613f801fe624c97fde2d159fae"},
        {65535, "e7321cd57abf36c522d89e6d26bd9098a37b6a8b06b318976269e701f6d4802d"},
        {65536, "bc9bca909516d5bf148c2bf2dea0a0d9f717ce4987d2fe7504d6694363b41598"},
        {65537, "a901bb447a4b4c361cdf559658f27f24a8a3ebbc49257c472efe950932d4853a"},
        {70000, "0759167a0f98e35e802d46ff7c7d29d2c3f03a63a256deb6abbff357a91b63b1"}};
    const Hashes leaves = numbered_leaves(70'000);
    Frontier frontier;
    auto next = std::begin(rows);

    for (const Digest& leaf : leaves) {
        frontier.append(leaf);
        if (next != std::end(rows) && frontier.size() == next->first) {
            CHECK(to_hex(frontier.root().view()) == next->second);
            ++next;
        }
    }

    CHECK(next == std::end(rows));
}

TEST_CASE("the tiles of 70,000 leaves are the known 277 files", "[audit][vectors]")
{
    const DenseTree tree = tree_of(numbered_leaves(70'000));
    const std::pair<std::string_view, std::string_view> known[] = {
        {"tile/0/273.p/112", "c7ebb1581fb37d08e8c14ef23ce02ebd07d79d783b6515c740d8b9f566ef0289"},
        {"tile/1/000", "dbf848d70619481ec09adf64ff73d027ffd27f3cab12570d5087d7e9fede902a"},
        {"tile/1/001.p/17", "4fd210567f39abfd6af3acd3f895698cbaaf1b83bd764f98d7d81f431454aa54"},
        {"tile/2/000.p/1", "2f3d7b72e1ccbf31e77e4c41d731da9c94fa1a6c08249fd49e5d4aded052b16b"}};
    std::string manifest;
    std::map<std::string, std::string> files;

    for (const TileAddress& tile : tiles_of(70'000)) {
        const auto bytes = build_tile(tree, tile);
        REQUIRE(bytes.has_value());
        const std::string path = tile_path(tile);
        files[path] = to_hex(sha256(*bytes).view());
        manifest.append(path).append(" ").append(files[path]).append("\n");
    }

    CHECK(files.size() == 277);
    for (const auto& [path, hash] : known) {
        CHECK(files[std::string{path}] == hash);
    }
    CHECK(to_hex(sha256(as_bytes(manifest)).view()) ==
          "03ce54138c3074d64b1337358057e18e9c0439083df2cad5b7ba0a861b4c0443");
}

TEST_CASE("all proofs of all trees up to 64 leaves, taken together, have the known hash",
          "[audit][vectors]")
{
    const DenseTree tree = tree_of(numbered_leaves(64));
    Sha256 inclusions;
    Sha256 consistencies;

    for (std::uint64_t size = 1; size <= 64; ++size) {
        for (std::uint64_t at = 0; at < size; ++at) {
            for (const Digest& hash : *inclusion_proof(tree, at, size)) {
                inclusions.update(hash.view());
            }
            for (const Digest& hash : *consistency_proof(tree, at + 1, size)) {
                consistencies.update(hash.view());
            }
        }
    }

    CHECK(to_hex(inclusions.finish().view()) ==
          "dd1435e2b913c389f919492b007d6213a40440177fabd3eaf1bbab4ccba4d226");
    CHECK(to_hex(consistencies.finish().view()) ==
          "71a86e0abeb71f284c58c96e63ae7220c8a41460100aeb2f006d1c4f669b2ad4");
}

TEST_CASE("the entry bundle of the reference leaves has the known bytes", "[audit][vectors]")
{
    Bytes bundle;
    for (const Bytes& leaf : reference_leaves()) {
        REQUIRE(append_bundle_entry(bundle, leaf).has_value());
    }

    CHECK(to_hex(bundle) == "0000000100000110000220210002303100044041424300085051525354555657"
                            "0010606162636465666768696a6b6c6d6e6f");
    const auto leaves = split_bundle(bundle);
    REQUIRE(leaves.has_value());
    CHECK(leaves->size() == 8);
    bundle.pop_back();
    CHECK(split_bundle(bundle).error().code == Errc::malformed);
    CHECK(append_bundle_entry(bundle, Bytes(65'536)).error().code == Errc::too_large);
}

TEST_CASE("a tile has one path", "[audit]")
{
    for (const auto* path : {"tile/0/000", "tile/0/000.p/1", "tile/63/x001/x234/067",
                             "tile/entries/x001/000.p/255", "tile/entries/999"}) {
        INFO(path);
        const auto tile = parse_tile_path(path);
        REQUIRE(tile.has_value());
        CHECK(tile_path(*tile) == path);
    }
    CHECK(parse_tile_path("tile/63/x001/x234/067")->index == 1'234'067);

    for (const auto* path : {"tile/0",
                             "tile/0/",
                             "tile/0/0",
                             "tile/0/00",
                             "tile/0/0000",
                             "tile/00/000",
                             "tile/64/000",
                             "tile/0/000.p/0",
                             "tile/0/000.p/256",
                             "tile/0/000.p/01",
                             "tile/0/000.p/",
                             "tile/0/x000/000",
                             "tile/0/x001",
                             "tile/0/001/002",
                             "tile/0/x001/x002",
                             "tile/-1/000",
                             "tile/0/-01",
                             "tile/0/000/",
                             "/tile/0/000",
                             "tile/entry/000",
                             "tile/0/000.p/1.p/1",
                             "tile/0/x999/x999/x999/x999/x999/x999/x999/999"}) {
        INFO(path);
        const auto tile = parse_tile_path(path);
        REQUIRE(!tile.has_value());
        CHECK(tile.error().code == Errc::malformed);
    }
}
