#pragma once

// The last stage before the log: guards of packs say whether an event may happen now, from tables
// that lag behind the log. So that they delay but never mislead:
//
//   - they are asked only when the tables show all of the event's stream that the log has now;
//   - the version that they have seen is the append's condition; when the stream has moved on
//     meanwhile, they are asked again, a bounded number of times;
//   - a refusal stands only when the tables show everything that was in the log when it was asked.
//
// Only the first event that an append adds to a stream may be guarded: guards do not see what the
// append itself would change.

#include "core/async/notifier.hpp"
#include "core/ports/event_log.hpp"
#include "node/http/packs/served_packs.hpp"

#include <set>

namespace sealstream::http {

// Who appends.
struct Appender {
    security::CallerPtr caller{};               // null: the ledger itself
    std::shared_ptr<const ServedPacks> packs{}; // null: there are no guards
    const PackEndpoint* command{nullptr};       // of `packs`: it may have guards of its own
};
[[nodiscard]] Appender appender_of(const RequestContext& request);

// Appends of one stream that are guarded take turns on this node: fewer meet in the log.
class StreamTurns {
public:
    explicit StreamTurns(boost::asio::any_io_executor executor) : ended_{std::move(executor)} {}

    class Turn {
    public:
        Turn(StreamTurns& turns, StreamName stream) : turns_{&turns}, stream_{std::move(stream)} {}
        Turn(Turn&& other) noexcept
            : turns_{std::exchange(other.turns_, nullptr)},
              stream_{std::move(other.stream_)}
        {
        }
        Turn& operator=(Turn&&) = delete;
        ~Turn();

    private:
        StreamTurns* turns_;
        StreamName stream_;
    };
    //   overloaded   it has not come by the deadline
    [[nodiscard]] Task<Result<Turn>> take(StreamName stream, Monotonic deadline);

private:
    Notifier ended_;
    std::set<StreamName> busy_;
};

// Whether guards stand before events of this type.
[[nodiscard]] bool is_guarded(const Appender& appender, const Draft& draft);

// EventLog::append(), with guards. Errors are those of the log, and
//   refused             a guard says no; details hold "violations"
//   projection_behind   the tables do not show the stream yet
//   projection_missing  they are not made yet
//   overloaded          the stream changes faster than its guards can look: nothing was appended
//   unavailable, timed_out, internal   a guard could not be asked
[[nodiscard]] Task<Result<Appended>> append_guarded(Services& services, AppendRequest request,
                                                    Appender appender);

} // namespace sealstream::http
