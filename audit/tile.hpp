#pragma once

// Tiles and entry bundles (C2SP tlog-tiles): the tree as static files.
//
//   tile/<L>/<N>[.p/<W>]          256 hashes, or W of them: level 0 holds leaf hashes, level L > 0
//   the roots
//                                 of the full tiles below
//   tile/entries/<N>[.p/<W>]      the leaves themselves, each after its length in two bytes, big
//   endian
// N is written in groups of three digits, all but the last with an x: 1234067 is x001/x234/067.

#include "audit/merkle_tree.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sealstream {

inline constexpr std::uint64_t tile_width = 256; // hashes in a full tile
inline constexpr unsigned tile_height = 8;       // levels of the tree in one level of tiles
inline constexpr unsigned tile_level_max = 63;
inline constexpr std::size_t entry_bytes_max = 65'535; // one leaf in a bundle

struct TileAddress {
    std::optional<unsigned> level; // empty: an entry bundle
    std::uint64_t index{0};
    std::uint64_t width{tile_width}; // 1 to 256

    friend bool operator==(const TileAddress&, const TileAddress&) = default;
};

// "tile/0/x001/x234/067.p/5"
[[nodiscard]] std::string tile_path(const TileAddress& tile);

//   malformed   not the one spelling of a tile's path
[[nodiscard]] Result<TileAddress> parse_tile_path(std::string_view path);

// Every tile of a tree of `size` leaves: by level, then by index; partial ones last in their level.
[[nodiscard]] std::vector<TileAddress> tiles_of(std::uint64_t size);

// The bytes of a hash tile.
//   not_found   the source lacks a node
[[nodiscard]] Result<Bytes> build_tile(const NodeSource& nodes, const TileAddress& tile);

// Adds one leaf to an entry bundle.
//   too_large   the leaf has more than entry_bytes_max bytes
[[nodiscard]] Result<void> append_bundle_entry(Bytes& bundle, ByteView leaf);

// Views into `bundle`, which must outlive them.
//   malformed   an entry is cut off
[[nodiscard]] Result<std::vector<ByteView>> split_bundle(ByteView bundle);

} // namespace sealstream
