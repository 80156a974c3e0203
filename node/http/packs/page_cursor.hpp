#pragma once

// Where a page of a query ends: the key of its last row, as opaque text. It belongs to one query
// with one set of parameters; with any other it is refused. Its values are typed and bound like all
// others, so whoever makes one up can only name a place to begin.

#include "node/http/packs/parameter_values.hpp"

#include <optional>

namespace sealstream::http {

// What a cursor belongs to: a digest of the query's name and of its parameters but the page's own;
// of `as-of`, the position that it means.
[[nodiscard]] std::string cursor_tag(std::string_view query_name, const Query& query,
                                     std::string_view path, std::optional<Position> as_of = {});

// `row`: a row's columns as JSON text.
//   internal   a column of the key is missing or null
[[nodiscard]] Result<std::string> make_cursor(const PackPaging& paging, std::string_view tag,
                                              std::string_view row);

// Adds :after_<column> for each column of the key; nulls without a cursor.
//   malformed   no cursor of this query
[[nodiscard]] Result<void> take_cursor(const PackPaging& paging, std::string_view tag,
                                       std::string_view cursor,
                                       std::map<std::string, PackValue, std::less<>>& values);

} // namespace sealstream::http
