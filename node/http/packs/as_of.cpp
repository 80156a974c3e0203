#include "node/http/packs/as_of.hpp"

#include "core/ports/position_at.hpp"
#include "node/http/packs/pack_reads.hpp"
#include "node/http/problem.hpp"

#include <algorithm>
#include <charconv>

namespace sealstream::http {

namespace {

constexpr std::uint64_t position_max = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t position_digits_max = 19;

Error no_as_of(std::string why)
{
    Error error{Errc::malformed, "\"as-of\" " + std::move(why)};
    error.details = "\"parameter\":\"as-of\"";
    return error;
}

bool is_number(std::string_view text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char letter) { return letter >= '0' && letter <= '9'; });
}

Result<Position> position_in(std::string_view text)
{
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_plain =
        text.size() <= position_digits_max && (text.size() == 1 || text[0] != '0');
    if (!is_plain || value > position_max) {
        return no_as_of("is no position");
    }
    return Position{value};
}

} // namespace

Task<Result<std::optional<Position>>> resolve_as_of(Services& services, std::string text)
{
    if (text.empty()) {
        co_return std::optional<Position>{};
    }
    if (is_number(text)) {
        const auto position = position_in(text);
        co_return position ? Result<std::optional<Position>>{*position} : position.error();
    }
    const auto time = from_rfc3339(text);
    if (!time) {
        co_return no_as_of("is a position, or a time such as 2026-01-31T12:00:00Z");
    }
    if (*time > services.clock.wall()) {
        co_return no_as_of("is a time that is still to come");
    }
    const auto position = co_await position_at(services.log, *time);
    co_return position ? Result<std::optional<Position>>{*position} : position.error();
}

Response as_of_problem(const PackEndpoint& endpoint, Error error)
{
    const std::string context = error.context;
    const bool is_being_made =
        error.code == Errc::timed_out && context.ends_with("ask again in a moment");
    if (error.code == Errc::refused) {
        return refusal(409, "as_of_too_far",
                       context + ": more than are folded for one question "
                                 "(snapshots.as_of_events_max). Let snapshots be taken more often "
                                 "(snapshots.events), or ask nearer to one: GET "
                                 "/v1/projections/{projection}/snapshots shows them.");
    }
    auto response = read_problem(endpoint, std::move(error));
    if (is_being_made) {
        response.problem->explanation =
            "The tables as of this position are still being made. Ask again in a moment.";
    }
    return response;
}

} // namespace sealstream::http
