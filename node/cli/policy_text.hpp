#pragma once

// Policies, and what nodes say of them, for people. Pure: from a node's JSON to text that ends with
// a line feed.

#include "core/rules/emission_policy.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sealstream::cli {

// What the command line changes of a policy; what it does not name stays as it is.
struct PolicyChange {
    std::optional<std::vector<std::string>> sources;
    std::optional<std::vector<std::string>> stream_types;
    std::optional<bool> skip_in_projection;
};

// `before` is none when the type has no policy yet.
//   refused   a new policy whose sources nobody has named
[[nodiscard]] Result<EmissionPolicy> changed(const std::optional<EmissionPolicy>& before,
                                             const PolicyChange& change);

// The policy in a node's row; the other members say who made it and when.
[[nodiscard]] Result<EmissionPolicy> policy_of_row(const boost::json::object& row);

[[nodiscard]] std::string policy_table(const boost::json::array& rows, bool unknown_is_allowed);
[[nodiscard]] std::string policy_text(const boost::json::object& row);
[[nodiscard]] std::string explanation_text(const boost::json::object& answer);
[[nodiscard]] std::string dry_run_text(const boost::json::object& result);
[[nodiscard]] std::string rejection_text(const boost::json::object& rejection);

// A member of a node's answer: its text, or "" when it is absent or no string.
[[nodiscard]] std::string text_member(const boost::json::object& object, std::string_view name);

} // namespace sealstream::cli
