// The roles beside the node.

#include "config/checks.hpp"
#include "config/sections.hpp"

namespace sealstream {

namespace {

using namespace forms;

constexpr auto projector = [](auto member) { return field(&Settings::projector, member); };
constexpr auto auditor = [](auto member) { return field(&Settings::auditor, member); };
constexpr auto outbox = [](auto member) { return field(&Settings::outbox, member); };

} // namespace

std::vector<Key> role_keys()
{
    return {
        number("projector.batch_events_max", projector(&ProjectorSettings::batch_events_max), 1,
               100'000, "events folded in one transaction"),
        number("projector.batch_wait_ms", projector(&ProjectorSettings::batch_wait), 0, 60'000,
               "for a batch to fill"),
        number("projector.fold_timeout_ms", projector(&ProjectorSettings::fold_timeout), 100,
               3'600'000, "for the SQL of a pack on one batch; after twice this its session ends"),
        number("projector.parked_streams_max", projector(&ProjectorSettings::parked_streams_max), 1,
               1'000'000, "streams that one projection may park before it halts"),
        number("projector.lanes_max", projector(&ProjectorSettings::lanes_max), 1, 6,
               "batches folded side by side: the projections that are level, and those behind"),
        text("auditor.key_file", auditor(&AuditorSettings::key_file), "a file", nullptr,
             "the Ed25519 key that signs checkpoints"),
        text("auditor.origin", auditor(&AuditorSettings::origin), "a name like example.org/main",
             &check_origin, "the log's name in its checkpoints"),
        number("auditor.checkpoint_events", auditor(&AuditorSettings::checkpoint_events), 1,
               1'000'000, "new leaves that make a checkpoint"),
        number("auditor.checkpoint_ms", auditor(&AuditorSettings::checkpoint_wait), 10, 3'600'000,
               "and the longest wait for one"),
        number("auditor.heartbeat_ms", auditor(&AuditorSettings::heartbeat), 1'000, day_ms,
               "of silence before a leaf says so"),
        number("outbox.poll_ms", outbox(&OutboxSettings::poll), 1, 60'000,
               "between two looks at an empty outbox"),
        number("outbox.page_events_max", outbox(&OutboxSettings::page_events_max), 1, 100'000,
               "events that the relay appends and stamps together"),
        number("outbox.keep_s", outbox(&OutboxSettings::keep), 60, 400 * day_ms / 1000,
               "before rows whose events are in the log are removed"),
    };
}

} // namespace sealstream
