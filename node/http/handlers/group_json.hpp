#pragma once

// Groups as clients write and see them.

#include "core/ports/consumer_groups.hpp"
#include "node/http/request_context.hpp"

#include <boost/json/object.hpp>

namespace sealstream::http {

inline constexpr std::uint64_t lease_ms_max = 24 * 60 * 60 * 1000;

// The object of the body; an empty body is an empty object. Members other than `allowed` are
// refused.
//   malformed, …   with a pointer
[[nodiscard]] Result<boost::json::object>
parse_members(std::string_view body, std::initializer_list<std::string_view> allowed);

// A whole number between the two; `otherwise` when the member is absent.
//   malformed   with a pointer
[[nodiscard]] Result<std::uint64_t> number_member(const boost::json::object& object,
                                                  std::string_view name, std::uint64_t least,
                                                  std::uint64_t most, std::uint64_t otherwise);
[[nodiscard]] Result<std::string> text_member(const boost::json::object& object,
                                              std::string_view name, std::size_t bytes_max);
// A position: a decimal text.
[[nodiscard]] Result<std::optional<Position>> position_member(const boost::json::object& object,
                                                              std::string_view name);

// {group} of the path.   bad_name
[[nodiscard]] Result<std::string> group_name(const RequestContext& request);

[[nodiscard]] Result<GroupDefinition> parse_group(std::string name, std::string_view body);
[[nodiscard]] std::string group_json(const GroupStatus& status);
[[nodiscard]] std::string claim_json(const GroupClaim& claim);
[[nodiscard]] std::string parked_json(const std::vector<ParkedStream>& streams);
[[nodiscard]] std::string time_json(GroupTime time); // RFC 3339, with quotes

// Every error of a call on a group: 404, or 409 with the code stale_token, or what it is.
[[nodiscard]] Response group_refused(Error error);

} // namespace sealstream::http
