#include "audit/consistency.hpp"
#include "audit/inclusion.hpp"
#include "tests/audit/tree_support.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

constexpr std::size_t small_world = 64; // leaves

bool is_included(const Digest& root, const Digest& leaf, std::uint64_t index, std::uint64_t size,
                 std::span<const Digest> path)
{
    return verify_inclusion(leaf, index, size, path, root).has_value();
}

bool is_extended(std::uint64_t old_size, const Digest& old_root, std::uint64_t size,
                 const Digest& root, std::span<const Digest> path)
{
    return verify_consistency(old_size, old_root, size, root, path).has_value();
}

// The neighbours of a proof that are one step away from it.
std::vector<Hashes> altered(const Hashes& path)
{
    std::vector<Hashes> all;
    for (std::size_t at = 0; at < path.size(); ++at) {
        Hashes flipped = path;
        flipped[at] = with_bit_flipped(flipped[at]);
        all.push_back(flipped);
        Hashes dropped = path;
        dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(at));
        all.push_back(dropped);
        Hashes doubled = path;
        doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(at), path[at]);
        all.push_back(doubled);
    }
    Hashes longer = path;
    longer.push_back(empty_root());
    all.push_back(longer);
    return all;
}

} // namespace

TEST_CASE("frontier and dense tree have the root of the recursive definition",
          "[audit][exhaustive]")
{
    Frontier frontier;
    DenseTree dense;
    const Hashes leaves = numbered_leaves(300);
    std::size_t wrong = 0;

    for (std::size_t size = 0; size <= leaves.size(); ++size) {
        const Digest root = spec_root(std::span{leaves}.first(size));
        const auto resumed = Frontier::from(frontier.size(), frontier.hashes());
        wrong += frontier.root() == root && dense.root() == root && *resumed == frontier ? 0U : 1U;
        if (size < leaves.size()) {
            frontier.append(leaves[size]);
            dense.append(leaves[size]);
        }
    }

    CHECK(wrong == 0);
    CHECK(Frontier::from(7, std::span{leaves}.first(2)).error().code == Errc::malformed);
    CHECK(Frontier::from(tree_size_max + 1, std::span{leaves}.first(1)).error().code ==
          Errc::malformed);
}

TEST_CASE("every leaf of every small tree is proven, and no altered proof is",
          "[audit][exhaustive]")
{
    std::size_t proofs = 0;
    std::size_t wrongly_refused = 0;
    std::size_t refused = 0;
    std::size_t wrongly_accepted = 0;
    const Hashes leaves = numbered_leaves(small_world);
    const DenseTree tree = tree_of(leaves);

    for (std::size_t size = 1; size <= small_world; ++size) {
        const std::span<const Digest> some = std::span{leaves}.first(size);
        const Digest root = spec_root(some);
        for (std::size_t index = 0; index < size; ++index) {
            const auto path = inclusion_proof(tree, index, size);
            ++proofs;
            wrongly_refused += *path == spec_path(index, some) &&
                                       is_included(root, leaves[index], index, size, *path)
                                   ? 0U
                                   : 1U;
            auto expect_refusal = [&](bool is_accepted) {
                ++(is_accepted ? wrongly_accepted : refused);
            };
            for (const Hashes& other : altered(*path)) {
                expect_refusal(is_included(root, leaves[index], index, size, other));
            }
            for (std::size_t other = 0; other < size; ++other) {
                if (other != index) {
                    expect_refusal(is_included(root, leaves[index], other, size, *path));
                    expect_refusal(is_included(root, leaves[other], index, size, *path));
                }
            }
            expect_refusal(is_included(root, leaves[index], size, size, *path));
            expect_refusal(is_included(with_bit_flipped(root), leaves[index], index, size, *path));
        }
    }

    CHECK(proofs == 2080);
    CHECK(wrongly_refused == 0);
    CHECK(wrongly_accepted == 0);
    CHECK(refused > 10 * proofs);
}

TEST_CASE("every small tree is shown to extend every smaller one, and nothing altered is",
          "[audit][exhaustive]")
{
    std::size_t proofs = 0;
    std::size_t wrongly_refused = 0;
    std::size_t refused = 0;
    std::size_t wrongly_accepted = 0;
    const Hashes leaves = numbered_leaves(small_world);
    const DenseTree tree = tree_of(leaves);

    for (std::size_t size = 1; size <= small_world; ++size) {
        const Digest root = tree.root_at(size);
        for (std::size_t old_size = 1; old_size <= size; ++old_size) {
            const Digest old_root = tree.root_at(old_size);
            const auto path = consistency_proof(tree, old_size, size);
            ++proofs;
            const bool is_right =
                *path == spec_consistency(old_size, std::span{leaves}.first(size));
            wrongly_refused +=
                is_right && is_extended(old_size, old_root, size, root, *path) ? 0U : 1U;
            auto expect_refusal = [&](bool is_accepted) {
                ++(is_accepted ? wrongly_accepted : refused);
            };
            for (const Hashes& other : altered(*path)) {
                expect_refusal(is_extended(old_size, old_root, size, root, other));
            }
            expect_refusal(is_extended(old_size, with_bit_flipped(old_root), size, root, *path));
            expect_refusal(is_extended(old_size, old_root, size, with_bit_flipped(root), *path));
            if (old_size != size) {
                expect_refusal(is_extended(old_size, root, size, old_root, *path));
                expect_refusal(is_extended(size, root, old_size, old_root, *path));
            }
        }
    }

    CHECK(proofs == 2080);
    CHECK(wrongly_refused == 0);
    CHECK(wrongly_accepted == 0);
    CHECK(refused > 5 * proofs);
}

TEST_CASE("a proof that does not fit is refused with the code that says how", "[audit]")
{
    const Hashes leaves = numbered_leaves(8);
    const DenseTree tree = tree_of(leaves);
    Hashes path = *inclusion_proof(tree, 5, 8);
    Hashes bridge = *consistency_proof(tree, 6, 8);

    CHECK(verify_inclusion(leaves[5], 8, 8, path, tree.root()).error().code == Errc::malformed);
    CHECK(verify_inclusion(leaves[4], 5, 8, path, tree.root()).error().code == Errc::corrupt);
    CHECK(verify_consistency(0, empty_root(), 8, tree.root(), {}).error().code == Errc::malformed);
    CHECK(verify_consistency(0, empty_root(), 0, empty_root(), {}).error().code == Errc::malformed);
    CHECK(verify_consistency(8, tree.root(), 8, tree.root_at(7), {}).error().code == Errc::corrupt);
    CHECK(verify_consistency(8, tree.root(), 8, tree.root(), bridge).error().code ==
          Errc::proof_too_long);
    path.pop_back();
    bridge.pop_back();
    CHECK(verify_inclusion(leaves[5], 5, 8, path, tree.root()).error().code ==
          Errc::proof_too_short);
    CHECK(verify_consistency(6, tree.root_at(6), 8, tree.root(), bridge).error().code ==
          Errc::proof_too_short);
    path.insert(path.end(), 4, empty_root());
    bridge.insert(bridge.end(), 4, empty_root());
    CHECK(verify_inclusion(leaves[5], 5, 8, path, tree.root()).error().code ==
          Errc::proof_too_long);
    CHECK(verify_consistency(6, tree.root_at(6), 8, tree.root(), bridge).error().code ==
          Errc::proof_too_long);
    CHECK(inclusion_proof(tree, 8, 8).error().code == Errc::malformed);
    CHECK(inclusion_proof(tree, 9, 10).error().code == Errc::not_found);
    CHECK(consistency_proof(tree, 0, 8).error().code == Errc::malformed);
    CHECK(consistency_proof(tree, 9, 8).error().code == Errc::malformed);
    CHECK(digest_from(Bytes(31)).error().code == Errc::malformed);
}

TEST_CASE("one path can fit two sizes, so the size must come from the checkpoint", "[audit]")
{
    const Hashes leaves = numbered_leaves(8);
    const DenseTree tree = tree_of(leaves);
    const Hashes path = *inclusion_proof(tree, 0, 8);

    CHECK(is_included(tree.root(), leaves[0], 0, 8, path));
    CHECK(is_included(tree.root(), leaves[0], 0, 7, path));
}
