#pragma once

// What the failure of a pack's fold means for its projection: pure. Others go on in any case.

#include "core/base/error.hpp"

namespace sealstream {

enum class Setback : std::uint8_t {
    again,  // on its own, later: a lock, memory, a server that stops
    slow,   // it took too long: on its own, where it holds nobody up
    halt,   // it would fail on every event: a person must act
    poison, // an event can not be folded: its stream is parked
};

// By the SQLSTATE that the fold ended with. It is the pack's own word, so nothing that concerns
// others hangs on it.
[[nodiscard]] Setback setback_of(std::string_view sqlstate) noexcept;

} // namespace sealstream
