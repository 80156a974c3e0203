#include "audit/tile.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sealstream {

namespace {

constexpr std::string_view prefix = "tile/";
constexpr std::string_view partial_mark = ".p/";

// The groups of the index, as in x001/x234/067.
void append_index(std::string& to, std::uint64_t index)
{
    std::vector<std::uint64_t> groups;
    do {
        groups.push_back(index % 1000);
        index /= 1000;
    } while (index != 0);
    for (std::size_t at = groups.size(); at-- > 0;) {
        const std::string digits = std::to_string(groups[at]);
        to.append(at != 0 ? "x" : "").append(3 - digits.size(), '0').append(digits);
        to.append(at != 0 ? "/" : "");
    }
}

Error not_a_path()
{
    return {Errc::malformed, "not the path of a tile"};
}

Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t max)
{
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size() || number > max ||
        (text.size() > 1 && text.front() == '0')) {
        return not_a_path();
    }
    return number;
}

Result<std::uint64_t> parse_index(std::string_view text)
{
    std::uint64_t index = 0;
    const std::string_view whole = text;
    while (true) {
        const bool has_more = text.starts_with('x');
        const std::string_view digits = text.substr(has_more ? 1U : 0U, 3);
        std::uint64_t group = 0;
        const auto [end, failure] =
            std::from_chars(digits.data(), digits.data() + digits.size(), group);
        if (digits.size() != 3 || failure != std::errc{} || end != digits.data() + 3 ||
            index > tree_size_max / 1000) {
            return not_a_path();
        }
        index = index * 1000 + group;
        text.remove_prefix(has_more ? 4U : 3U);
        if (!has_more) {
            break;
        }
        if (!text.starts_with('/')) {
            return not_a_path();
        }
        text.remove_prefix(1);
    }
    // Leading groups of zeros, and anything after the last group, would be second spellings.
    std::string spelled;
    append_index(spelled, index);
    if (!text.empty() || spelled != whole || index > tree_size_max) {
        return not_a_path();
    }
    return index;
}

} // namespace

std::string tile_path(const TileAddress& tile)
{
    std::string path{prefix};
    path.append(tile.level ? std::to_string(*tile.level) : "entries").append("/");
    append_index(path, tile.index);
    if (tile.width != tile_width) {
        path.append(partial_mark).append(std::to_string(tile.width));
    }
    return path;
}

Result<TileAddress> parse_tile_path(std::string_view path)
{
    if (!path.starts_with(prefix)) {
        return not_a_path();
    }
    path.remove_prefix(prefix.size());
    const auto slash = path.find('/');
    if (slash == std::string_view::npos) {
        return not_a_path();
    }
    TileAddress tile;
    if (path.substr(0, slash) != "entries") {
        SEAL_TRY(level, parse_number(path.substr(0, slash), tile_level_max));
        tile.level = static_cast<unsigned>(level);
    }
    path.remove_prefix(slash + 1);
    if (const auto mark = path.find(partial_mark); mark != std::string_view::npos) {
        SEAL_TRY(width, parse_number(path.substr(mark + partial_mark.size()), tile_width - 1));
        if (width == 0) {
            return not_a_path();
        }
        tile.width = width;
        path = path.substr(0, mark);
    }
    SEAL_TRY(index, parse_index(path));
    tile.index = index;
    return tile;
}

std::vector<TileAddress> tiles_of(std::uint64_t size)
{
    std::vector<TileAddress> tiles;
    unsigned level = 0;
    for (std::uint64_t hashes = size; hashes != 0; hashes /= tile_width, ++level) {
        for (std::uint64_t index = 0; index < hashes / tile_width; ++index) {
            tiles.push_back({level, index, tile_width});
        }
        if (hashes % tile_width != 0) {
            tiles.push_back({level, hashes / tile_width, hashes % tile_width});
        }
    }
    return tiles;
}

Result<Bytes> build_tile(const NodeSource& nodes, const TileAddress& tile)
{
    if (!tile.level || *tile.level * tile_height > tile_level_max || tile.width == 0 ||
        tile.width > tile_width) {
        return Error{Errc::not_found, "no tree has such a tile"};
    }
    Bytes bytes;
    bytes.reserve(tile.width * digest_size);
    for (std::uint64_t at = 0; at < tile.width; ++at) {
        SEAL_TRY(hash, nodes.node(*tile.level * tile_height, tile.index * tile_width + at));
        append(bytes, hash.view());
    }
    return bytes;
}

Result<void> append_bundle_entry(Bytes& bundle, ByteView leaf)
{
    if (leaf.size() > entry_bytes_max) {
        return Error{Errc::too_large, "a leaf has at most 65,535 bytes"};
    }
    append_big_endian(bundle, static_cast<std::uint16_t>(leaf.size()));
    append(bundle, leaf);
    return {};
}

Result<std::vector<ByteView>> split_bundle(ByteView bundle)
{
    std::vector<ByteView> leaves;
    while (!bundle.empty()) {
        const std::size_t size = bundle.size() < 2 ? 0 : read_big_endian<std::uint16_t>(bundle);
        if (bundle.size() < 2 + size) {
            return Error{Errc::malformed, "an entry of the bundle is cut off"};
        }
        leaves.push_back(bundle.subspan(2, size));
        bundle = bundle.subspan(2 + size);
    }
    return leaves;
}

} // namespace sealstream
