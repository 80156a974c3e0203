#include "node/http/in_flight_ids.hpp"

#include <algorithm>

namespace sealstream::http {

InFlightIds::Hold::~Hold()
{
    if (owner_ != nullptr) {
        for (const EventId& id : ids_) {
            owner_->ids_.erase(id);
        }
    }
}

Result<InFlightIds::Hold> InFlightIds::hold(std::vector<EventId> ids)
{
    const auto is_held = [this](const EventId& id) { return ids_.contains(id); };
    const auto held = std::find_if(ids.begin(), ids.end(), is_held);
    if (held != ids.end()) {
        return Error{Errc::in_progress, "event " + held->to_string() + " is being appended"};
    }
    if (ids_.size() + ids.size() > ids_max_) {
        return Error{Errc::overloaded, "too many ids are being appended"};
    }
    ids_.insert(ids.begin(), ids.end());
    return Hold{*this, std::move(ids)};
}

} // namespace sealstream::http
