#pragma once

// The relay's way to the log: what transactions have appended goes by the rules that hold for
// appends over HTTP, and meets the same memory of ids. An event whose key or id is the
// application's own may have come another way, or from an outbox row that has been removed since;
// then it is a repeat, however long ago that was. Ids that are from the transaction itself are
// never looked up: nobody else has them.

#include "node/http/append_admission.hpp"
#include "postgres/outbox/outbox_relay.hpp"

namespace sealstream {

class AdmittingTarget final : public OutboxTarget {
public:
    AdmittingTarget(EventLog& log, http::AdmissionParts admission, OutboxMetrics& metrics);

    // As EventLog::append and admit_events(), and
    //   key_reuse           an id is in the log with other content
    //   projection_behind   whether an id is in the log can not be told now
    [[nodiscard]] Task<Result<Appended>> append(OutboxAppend append) override;

private:
    struct Rest;
    [[nodiscard]] Task<Result<Rest>> look_up(const std::vector<StreamAppend>& batch,
                                             std::vector<EventId> own_ids);
    [[nodiscard]] Task<Result<http::KnownPlaces>>
    find_all(const std::vector<StreamAppend>& batch) const;
    [[nodiscard]] Task<Result<Appended>> append_rest(OutboxAppend append, Rest rest, Permit permit);
    [[nodiscard]] http::KnownEventsParts known_parts() const;

    EventLog& log_;
    const http::AdmissionParts admission_;
    OutboxMetrics& metrics_;
};

} // namespace sealstream
