#include "audit/service/standby.hpp"

#include "core/base/log.hpp"

namespace sealstream {

namespace {

// Returns when nobody has written for long enough, or when stopped. While the stream does not
// answer, nothing is known, and the silence starts anew.
Task<void> wait_for_silence(AuditLog& audit, const Clock& clock, Stop& stop, StandbyOptions options)
{
    std::uint64_t seen = 0;
    Monotonic since = clock.monotonic();
    while (!stop.requested() && clock.monotonic() - since <= options.silence_max) {
        co_await stop.sleep_for(options.look_again);
        const auto last = co_await audit.last();
        if (!last || *last != seen) {
            seen = last ? *last : seen;
            since = clock.monotonic();
        }
    }
}

} // namespace

Task<void> run_or_stand_by(Auditor& auditor, AuditLog& audit, const Clock& clock, Stop& stop,
                           StandbyOptions options)
{
    while (true) {
        co_await auditor.run();
        if (stop.requested() || auditor.status().state != AuditorState::deposed) {
            co_return;
        }
        log(Level::info, "audit.standing_by", "audit", {});
        co_await wait_for_silence(audit, clock, stop, options);
        if (stop.requested()) {
            co_return;
        }
        log(Level::warn, "audit.takes_over", "audit",
            {{"silence_max_ms", static_cast<std::int64_t>(options.silence_max.count())}});
    }
}

} // namespace sealstream
