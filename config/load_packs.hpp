#pragma once

// The packs that the settings of a ledger name.

#include "config/settings.hpp"
#include "core/packs/pack_set.hpp"

namespace sealstream {

// One of packs.enabled: "deals", "deals=/", "./my/pack=/things". A name is a folder in
// packs.folder; a word with a slash or a dot before the = is a folder itself.
struct PackChoice {
    std::string pack;
    std::string prefix; // empty: /packs/<name>
};

//   malformed   it names no pack, or its prefix is none
[[nodiscard]] Result<PackChoice> parse_pack_choice(std::string_view word);
[[nodiscard]] std::filesystem::path folder_of(const PackChoice& choice,
                                              const PackSettings& settings);

// All of them, checked alone and together.
//   malformed   the context has a line for each problem
[[nodiscard]] Result<PackSet> load_packs(const Settings& settings);

// What packs say about the streams of a ledger, added to its settings.
void add_packs(Settings& settings, const PackSet& packs);

} // namespace sealstream
