#pragma once

// The files of a pack as a Pack, or everything that is wrong with them: pure.

#include "core/packs/document.hpp"
#include "core/packs/pack.hpp"

namespace sealstream {

inline constexpr std::size_t pack_file_bytes_max = 256 << 10;
inline constexpr std::size_t pack_files_max = 500;

struct LoadedPack {
    PackPtr pack;          // null when there are problems
    PackProblems problems; // by file and place
};

[[nodiscard]] LoadedPack load_pack(const PackFiles& files, const ParseDocument& parse);

} // namespace sealstream
