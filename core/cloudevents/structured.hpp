#pragma once

// The JSON event format (CloudEvents JSON Format 1.0.2): one object, or an array of them (a batch).

#include "core/cloudevents/cloud_event.hpp"

#include <boost/json/value.hpp>

namespace sealstream {

// `value` was read strictly (parse_json), so no attribute is there twice.
//   malformed   with a pointer to what is missing or wrong
[[nodiscard]] Result<CloudEvent> parse_structured(const boost::json::value& value);

// specversion, id, source and type first, data last; what lies between is sorted by name.
void append_structured(std::string& to, const CloudEvent& event);

} // namespace sealstream
