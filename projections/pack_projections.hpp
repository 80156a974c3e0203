#pragma once

// The projections that a pack declares, and the text in which a version of a projection keeps what
// it is made of: pure. A version goes on with its own text, whatever the pack says by now.

#include "core/packs/pack.hpp"
#include "projections/projection.hpp"

namespace sealstream {

[[nodiscard]] std::vector<Projection> pack_projections(const Pack& pack);

// One JSON object, and back.
//   unsupported   this version of the program does not understand it
[[nodiscard]] std::string definition_text(const Projection& projection);
[[nodiscard]] Result<Projection> parse_definition(const std::string& name, std::string_view text);

// What folds a batch of a pack: its upcasts, then its fold.
[[nodiscard]] std::string fold_script(const Projection& projection);

} // namespace sealstream
