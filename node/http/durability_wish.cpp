#include "node/http/durability_wish.hpp"

#include "node/http/handlers/node_json.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

std::optional<bool> meets(const Durability& achieved, std::string_view wanted)
{
    const bool is_replicated = achieved.replicas > 1;
    if (wanted == "stored") {
        return true;
    }
    if (wanted == "replicated") {
        return is_replicated;
    }
    if (wanted == "synced") {
        return achieved.is_synced;
    }
    if (wanted == "replicated-synced") {
        return is_replicated && achieved.is_synced;
    }
    return std::nullopt;
}

std::optional<Response> durability_refusal(const RequestContext& request)
{
    const auto wanted = request.preference("durability");
    if (!wanted || request.preference("handling") != std::string_view{"strict"}) {
        return std::nullopt;
    }
    const Durability achieved = request.services().log.durability();
    const auto is_met = meets(achieved, *wanted);
    if (!is_met) {
        return bad_input(Error{Errc::malformed, "durability is stored, replicated, synced or "
                                                "replicated-synced"});
    }
    if (*is_met) {
        return std::nullopt;
    }
    auto response = refusal(
        412, "durability_unmet",
        "Nothing was appended: the log does not keep appends as Prefer demands. `sealstream "
        "doctor` tells the operator why. Without handling=strict it is a wish.");
    response.problem->members = "\"durability\":" + durability_json(achieved);
    return response;
}

void confirm_durability(const RequestContext& request, Response& response)
{
    const auto wanted = request.preference("durability");
    if (wanted && meets(request.services().log.durability(), *wanted).value_or(false)) {
        response.header("Preference-Applied", "durability=" + std::string{*wanted});
    }
}

} // namespace sealstream::http
