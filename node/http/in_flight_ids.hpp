#pragma once

// The clients' ids that this node is appending just now. A second request with one of them is told
// to wait (in_progress) instead of racing with the first. Runs on the I/O thread.

#include "core/base/result.hpp"
#include "core/event/event_id.hpp"

#include <unordered_set>
#include <utility>
#include <vector>

namespace sealstream::http {

class InFlightIds {
public:
    explicit InFlightIds(std::size_t ids_max) : ids_max_{ids_max} {}

    // Gives its ids free when it ends.
    class Hold {
    public:
        Hold(InFlightIds& owner, std::vector<EventId> ids) : owner_{&owner}, ids_{std::move(ids)} {}
        ~Hold();
        Hold(Hold&& other) noexcept
            : owner_{std::exchange(other.owner_, nullptr)},
              ids_{std::move(other.ids_)}
        {
        }
        Hold& operator=(Hold&&) = delete;

    private:
        InFlightIds* owner_{nullptr};
        std::vector<EventId> ids_;
    };

    // All of them or none; `ids` are different from each other.
    //   in_progress   one of them is held already
    //   overloaded    too many are held
    [[nodiscard]] Result<Hold> hold(std::vector<EventId> ids);

    [[nodiscard]] bool contains(const EventId& id) const { return ids_.contains(id); }
    [[nodiscard]] std::size_t size() const noexcept { return ids_.size(); }

private:
    std::size_t ids_max_;
    std::unordered_set<EventId> ids_;
};

} // namespace sealstream::http
