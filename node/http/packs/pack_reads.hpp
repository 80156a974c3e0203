#pragma once

// Reading the tables of a pack for a request: how much of the log they must show, and what is
// answered when they can not.

#include "node/http/handlers/reading.hpp"
#include "node/http/packs/served_packs.hpp"

namespace sealstream::http {

struct PackReadWish {
    Position min_position{};
    bool is_lenient{false};
    std::chrono::milliseconds wait{0};
};
// min-position, wait; Prefer.   malformed
[[nodiscard]] Result<PackReadWish> parse_read_wish(const RequestContext& request,
                                                   const Query& query);

// Where the pack's tables are, after waiting as wished; one question for all that wait.
[[nodiscard]] Task<Reach> reach_pack(Services& services, PackToServe pack, PackReadWish wish);

// Differs when the tables, the pack or the asker differ.
[[nodiscard]] std::string entity_tag(const RequestContext& request, const Pack& pack,
                                     Position reached);

// What became of a read that failed.
[[nodiscard]] Response read_problem(const PackEndpoint& endpoint, Error error);

} // namespace sealstream::http
