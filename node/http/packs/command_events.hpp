#pragma once

// From a request for a command to the events that it means.

#include "node/http/event_input.hpp"
#include "node/http/packs/pack_scope.hpp"
#include "node/http/packs/served_packs.hpp"

#include <boost/json/object.hpp>

namespace sealstream::http {

struct CommandPlan {
    std::vector<EventInput> events;
    std::vector<Expected> expected; // of each event's stream; the first of a stream counts
};

// Pure: the templates of the command, filled in from `scope`.
//   malformed, bad_name, …   the request lacks something, or it does not fit; for the client
//   internal                 the pack makes an event that it does not declare
[[nodiscard]] Result<CommandPlan> plan_events(const Pack& pack, const PackCommand& command,
                                              const boost::json::object& scope,
                                              const Limits& limits);

// The same from rows of the command's SQL: type, stream_id, data, and stream_type, meta, actor,
// key, time where wanted.
[[nodiscard]] Result<CommandPlan> plan_rows(const Pack& pack, const std::vector<std::string>& rows,
                                            const Limits& limits);

// One append of all of it, and which of its events each event of the plan has become.
struct CommandAppend {
    std::vector<StreamAppend> appends;
    std::vector<std::size_t> order; // place in the append of the plan's n-th event
};
[[nodiscard]] CommandAppend to_append(CommandPlan plan);

} // namespace sealstream::http
