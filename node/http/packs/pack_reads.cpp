#include "node/http/packs/pack_reads.hpp"

#include "core/base/encoding.hpp"
#include "core/event/digest.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

Result<PackReadWish> parse_read_wish(const RequestContext& request, const Query& query)
{
    constexpr std::uint64_t place_max = std::numeric_limits<std::int64_t>::max();
    const Limits& limits = request.services().limits;
    SEAL_TRY(position, query.number("min-position", place_max));
    SEAL_TRY(wait, query.number("wait", static_cast<std::uint64_t>(limits.wait_max.count())));
    PackReadWish wish;
    wish.min_position = Position{position.value_or(0)};
    wish.wait = wait ? std::chrono::seconds{*wait} : request.preferred_wait();
    wish.is_lenient = prefers_lenient(request);
    return wish;
}

Task<Reach> reach_pack(Services& services, PackToServe pack, PackReadWish wish)
{
    Reach reach;
    if (pack.watch == nullptr) {
        reach.refusal = not_here("read models of packs");
        co_return reach;
    }
    const auto reached = co_await pack.watch->reach(wish.min_position, wish.wait);
    if (!reached) {
        reach.refusal = problem(reached.error());
        co_return reach;
    }
    reach.served = *reached;
    if (*reached < wish.min_position && !wish.is_lenient) {
        reach.refusal = co_await projection_behind(services, *reached);
        reach.refusal->problem->explanation =
            "The tables of pack " + pack.mounted.pack->name +
            " do not show this position yet; wait longer (Prefer: wait).";
    }
    co_return reach;
}

std::string entity_tag(const RequestContext& request, const Pack& pack, Position reached)
{
    const auto source = request.source();
    const std::string whose = pack.digest + " " + request.client_name() + " " +
                              (source ? *source : std::string{}) + " " +
                              request.services().log.incarnation();
    constexpr std::size_t tag_bytes = 6;
    return "\"" + to_hex(sha256(as_bytes(whose)).view().first(tag_bytes)) + "-" +
           std::to_string(reached.value) + "\"";
}

Response read_problem(const PackEndpoint& endpoint, Error error)
{
    if (error.code == Errc::timed_out) {
        auto response = problem(std::move(error));
        response.problem->explanation = "The query takes longer than it may.";
        return response;
    }
    if (error.code == Errc::too_large) { // no limit of the client's
        error.code = Errc::internal;
    }
    const bool has_parameters = endpoint.query != nullptr && !endpoint.query->parameters.empty();
    if (error.code == Errc::malformed && !has_parameters) {
        error.code = Errc::internal;
    }
    auto response = problem(std::move(error));
    if (response.problem->error.code == Errc::malformed) {
        response.problem->explanation = "The query can not be answered for these parameters.";
    }
    return response;
}

} // namespace sealstream::http
