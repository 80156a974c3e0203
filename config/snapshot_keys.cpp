// Snapshots of read models, and reads as of a position.

#include "config/sections.hpp"

namespace sealstream {

namespace {

using namespace forms;

constexpr std::int64_t year_s = 366 * 24 * 60 * 60;
constexpr std::int64_t events_most = 1'000'000'000'000;

constexpr auto snapshots = [](auto member) { return field(&Settings::snapshots, member); };

} // namespace

std::vector<Key> snapshot_keys()
{
    return {
        number("snapshots.events", snapshots(&SnapshotSettings::events), 0, events_most,
               "of the log since the last snapshot of a pack's projection, before the next; 0: "
               "not by their number"),
        number("snapshots.interval_s", snapshots(&SnapshotSettings::interval), 0, year_s,
               "since the last one, if events came since; 0: not by time"),
        number("snapshots.keep", snapshots(&SnapshotSettings::keep), 1, 1'000,
               "snapshots of one projection, spread over the log"),
        number("snapshots.time_max_s", snapshots(&SnapshotSettings::time_max), 1, 86'400,
               "for taking one"),
        number("snapshots.as_of_events_max", snapshots(&SnapshotSettings::as_of_events_max), 0,
               events_most, "of the log folded for one question with ?as-of="),
        number("snapshots.as_of_wait_ms", snapshots(&SnapshotSettings::as_of_wait), 0, 600'000,
               "that such a question waits for its state; then 503, and it is made all the same"),
        number("snapshots.as_of_states_max", snapshots(&SnapshotSettings::as_of_states_max), 1,
               10'000, "states of projections that are kept for such questions"),
        number("snapshots.as_of_keep_s", snapshots(&SnapshotSettings::as_of_keep), 1, 604'800,
               "since such a state was last asked for, before it is dropped"),
    };
}

} // namespace sealstream
