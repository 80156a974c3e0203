#pragma once

// What a new version of a pack changes: for whoever deploys it. Pure.

#include "core/packs/pack.hpp"

namespace sealstream {

enum class ChangeWeight : std::uint8_t {
    note,     // nobody needs to do anything
    rebuild,  // read models are built anew, beside the old ones
    breaking, // somebody who relied on it must change
    refused,  // the ledger will not start with it
};

struct PackChange {
    ChangeWeight weight{ChangeWeight::note};
    std::string part;    // "event TaskOpened", "query open_tasks"
    std::string message; // what changes
    std::string remedy;  // for what is refused
};

struct PackDiff {
    std::vector<PackChange> changes;

    // Whether the new version can take the place of the old one.
    [[nodiscard]] bool is_deployable() const noexcept;
};

[[nodiscard]] std::string_view name(ChangeWeight weight) noexcept;

[[nodiscard]] PackDiff diff_packs(const Pack& before, const Pack& after);

} // namespace sealstream
