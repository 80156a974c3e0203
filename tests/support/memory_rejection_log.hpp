#pragma once

// The forensic log in memory (core/ports/rejection_log.hpp).

#include "core/async/awaitable.hpp"
#include "core/ports/rejection_log.hpp"

namespace sealstream::testing {

class MemoryRejectionLog final : public RejectionLog {
public:
    [[nodiscard]] Task<Result<void>> record(std::vector<RejectedEvent> fresh) override
    {
        if (failure) {
            co_return *failure;
        }
        for (RejectedEvent& event : fresh) {
            event.number = events.size() + 1;
            events.push_back(std::move(event));
        }
        co_return Result<void>{};
    }

    [[nodiscard]] Task<Result<std::vector<RejectedEvent>>> query(RejectionQuery query) override
    {
        if (failure) {
            co_return *failure;
        }
        std::vector<RejectedEvent> found;
        for (auto event = events.rbegin(); event != events.rend(); ++event) {
            const bool fits = (query.before == 0 || event->number < query.before) &&
                              (query.type.empty() || event->type == query.type) &&
                              (query.source.empty() || event->source == query.source) &&
                              (!query.from_time || event->at >= *query.from_time) &&
                              (!query.to_time || event->at < *query.to_time);
            if (fits && found.size() < query.events_max) {
                found.push_back(*event);
            }
        }
        co_return found;
    }

    std::vector<RejectedEvent> events;
    std::optional<Error> failure;
};

} // namespace sealstream::testing
