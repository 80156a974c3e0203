#pragma once

// Policies as clients write and read them.

#include "core/rules/emission_rules.hpp"
#include "node/http/options.hpp"

#include <boost/json/value.hpp>

namespace sealstream::http {

// {"event_type":…,"sources":[…],"stream_types":[…],"skip_in_projection":…,"version":"3",
//  "position":"17","changed":…,"changed_by":…}
void append_policy_row(std::string& to, std::string_view type, const EmissionRow& row);

// The form of a table with a column for each class of sources:
// {"event_type":…,"emit_from_registry":true,"emit_from_teg":false,"skip_in_projection":false}
// Sources that no class names are in "other_sources".
void append_class_row(std::string& to, std::string_view type, const EmissionPolicy& policy,
                      const PolicyOptions& options);

// Such a row over what was there before: a member that is left out stays as it is. Without anything
// before, each class has to be named: a type that everybody could emit would else be closed to
// those that were forgotten.
//   malformed   with a pointer
[[nodiscard]] Result<EmissionPolicy> parse_class_row(const boost::json::value& value,
                                                     const EmissionPolicy* before,
                                                     std::string_view type,
                                                     const PolicyOptions& options);

} // namespace sealstream::http
