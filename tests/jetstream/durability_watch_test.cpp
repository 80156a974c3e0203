// What several servers say of how they sync makes one statement about an acknowledged append.

#include "jetstream/durability_watch.hpp"
#include "tests/support/catch.hpp"

#include <array>

using namespace sealstream;
using namespace sealstream::jetstream;
using namespace std::chrono_literals;

namespace {

using Modes = std::array<std::optional<SyncMode>, 3>;

const SyncMode always{"n0", true, 2min};
const SyncMode lazy{"n1", false, 10s};
const Modes all_sync{always, always, always};
const Modes one_lazy{always, lazy, always};
const Modes one_silent{always, std::nullopt, always};
const Modes one_lazy_one_silent{lazy, std::nullopt, always};

} // namespace

TEST_CASE("a log is synced only when each server says so", "[jetstream]")
{
    const auto synced = judge({}, 3, false, all_sync);
    CHECK(synced.name == "jetstream-r3-synced");
    CHECK(synced.is_confirmed);
    const auto mixed = judge({}, 3, true, one_lazy);
    CHECK(mixed.name == "jetstream-r3-lazy");
    CHECK(mixed.is_confirmed);
    CHECK(mixed.sync_interval == 2min);
}

TEST_CASE("a server that is silent leaves what was known, and nothing confirmed", "[jetstream]")
{
    const auto synced = judge({}, 3, false, all_sync);
    const auto still = judge(synced, 3, false, one_silent);
    CHECK(still.name == "jetstream-r3-synced");
    CHECK_FALSE(still.is_confirmed);
    CHECK(judge(still, 3, false, all_sync).is_confirmed);

    const auto was_lazy = judge({}, 3, true, one_lazy);
    CHECK(judge(was_lazy, 3, true, one_silent).name == "jetstream-r3-lazy");
    CHECK(judge(synced, 3, true, one_lazy_one_silent).name == "jetstream-r3-lazy");
    CHECK(judge({}, 3, true, one_silent).is_synced); // the first look: our settings
    CHECK_FALSE(judge({}, 3, false, one_silent).is_synced);
}

TEST_CASE("without monitoring pages our settings speak, and copies are what they are",
          "[jetstream]")
{
    const auto told = judge({}, 3, true, {});
    CHECK(told.name == "jetstream-r3-synced");
    CHECK_FALSE(told.is_confirmed);
    CHECK(judge(told, 1, true, {}).name == "jetstream-r1-synced");
    CHECK(judge(told, 1, true, {}).replicas == 1);
}
