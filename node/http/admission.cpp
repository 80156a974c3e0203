#include "node/http/admission.hpp"

#include "node/http/caller_watch.hpp"
#include "node/http/origin.hpp"
#include "node/http/packs/served_packs.hpp"
#include "node/http/problem.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

using security::Role;

constexpr std::string_view no_credentials = "there are no credentials in the request";

// A proxy on this machine speaks for somebody else, and a page in a browser for its site: neither
// is the person who may do everything here.
bool is_really_local(const RequestContext& request)
{
    if (!request.is_local || has_foreign_origin(request.head()) ||
        has_public_host(request.head())) {
        return false;
    }
    for (const auto* name : {"forwarded", "x-forwarded-for", "x-real-ip"}) {
        if (request.head().has_field(name)) {
            return false;
        }
    }
    return true;
}

Role role_for(Access access)
{
    switch (access) {
    case Access::anyone:
    case Access::reader:
        return Role::reader;
    case Access::metrics:
    case Access::auditor:
        return Role::auditor;
    case Access::writer:
        return Role::writer;
    case Access::admin:
        return Role::admin;
    }
    return Role::admin;
}

// {type} of the path, if the pattern has it.
Result<std::optional<std::string>> stream_type_of(const RequestContext& request)
{
    for (std::size_t at = 0; at < request.parameters.count; ++at) {
        if (request.parameters.all[at].name == "type") {
            SEAL_TRY(type, request.path_parameter("type"));
            return std::optional{std::move(type)};
        }
    }
    return std::optional<std::string>{};
}

// For streams of all types that the pack keeps.
bool has_role_in(const RequestContext& request, const Pack& pack, Role role)
{
    const auto& types = pack.stream_types;
    return types.empty() ? request.may_all(role)
                         : std::all_of(types.begin(), types.end(), [&](const PackStreamType& type) {
                               return request.may(role, type.name);
                           });
}

Result<bool> has_role(const RequestContext& request, Role role)
{
    if (request.endpoint != nullptr) {
        return has_role_in(request, request.endpoint->pack(), role);
    }
    SEAL_TRY(type, stream_type_of(request));
    if (type) {
        return request.may(role, *type);
    }
    if (request.route->scope == Scope::handler) {
        return permits_some(request.caller(), role, request.services().ledger);
    }
    return request.may_all(role);
}

Result<void> check_rate(RequestContext& request)
{
    auto& services = request.services();
    auto& rates = services.gate->rates();
    if (!request.is_limited || !rates.options().is_on()) {
        return {};
    }
    const auto now = services.clock.monotonic().time_since_epoch();
    request.rate = rates.admit(request.client_name(), now);
    if (request.rate->is_allowed) {
        return {};
    }
    services.gate->count(security::Refusal::rate);
    return Error{Errc::overloaded,
                 "too many " + std::string{name(request.rate->resource)} + " of one client"};
}

} // namespace

Result<void> admit(RequestContext& request)
{
    security::Gate& gate = *request.services().gate;
    security::Credentials credentials;
    credentials.is_loopback = is_really_local(request);
    credentials.certificate = request.certificate;
    credentials.authorization = request.field("authorization");
    credentials.authorization_count = request.head().count("authorization");
    credentials.now = request.services().clock.wall().nanoseconds / 1'000'000'000;
    auto caller = gate.identify(credentials);
    if (caller) {
        request.admit(*std::move(caller));
    }
    // Who guesses at credentials is counted by its address.
    SEAL_TRY_VOID(check_rate(request));
    if (!caller) {
        return std::move(caller).error();
    }

    const Access access = request.route->access;
    const bool is_open =
        access == Access::anyone || (access == Access::metrics && gate.options().has_open_metrics);
    if (is_open) {
        return {};
    }
    const Role role = role_for(access);
    SEAL_TRY(is_allowed, has_role(request, role));
    if (is_allowed) {
        return {};
    }
    if (request.caller().identity.means == security::Means::nothing) {
        gate.count(security::Refusal::no_credentials);
        return Error{Errc::unauthenticated, std::string{no_credentials}};
    }
    return Error{Errc::forbidden, "This needs the role " + std::string{name(role)} + "."};
}

Result<void> admit_draft(const RequestContext& request, std::string_view stream_type, Draft& draft)
{
    request.charge(security::Resource::events, 1);
    // A bulk can outlast a token.
    if (CallerWatch{request.services(), request.caller_ptr()}.lapse()) {
        return Error{Errc::unauthenticated, "the credentials have ended under way"};
    }
    SEAL_TRY_VOID(request.require(Role::writer, stream_type));
    if (!request.caller().forced_actor.empty()) {
        draft.actor = request.caller().forced_actor;
    }
    return {};
}

Result<void> admit_reading(const RequestContext& request, std::string_view stream_type)
{
    if (request.may_all(Role::reader)) {
        return {};
    }
    if (stream_type.empty()) {
        return Error{Errc::forbidden,
                     "Who may not read everything must name a stream type: ?stream_type= or "
                     "?stream=type/id."};
    }
    return request.require(Role::reader, stream_type);
}

Response not_admitted(Error error)
{
    // Of a token's keys, and of the role that lacks: the sentences are ours.
    if (error.code == Errc::unavailable || error.code == Errc::forbidden) {
        return bad_input(std::move(error));
    }
    if (error.code != Errc::unauthenticated) {
        return problem(std::move(error));
    }
    const bool has_credentials = error.context != no_credentials;
    // Its context is one of our sentences, never a piece of what was sent.
    auto response = bad_input(std::move(error));
    response.header("WWW-Authenticate", has_credentials
                                            ? "Bearer realm=\"sealstream\", error=\"invalid_token\""
                                            : "Bearer realm=\"sealstream\"");
    return response;
}

Response not_admitted(const RequestContext& request, Error error)
{
    if (!request.rate || request.rate->is_allowed) {
        return not_admitted(std::move(error));
    }
    auto response = bad_input(std::move(error));
    response.status = 429;
    response.problem->code = "rate_limited";
    response.problem->retry_after = request.rate->wait;
    return response;
}

void add_rate_fields(const RequestContext& request, Response& response)
{
    if (!request.rate || request.rate->quota == 0) {
        return;
    }
    const auto& rate = *request.rate;
    const std::string item = "\"" + std::string{name(rate.resource)} + "\"";
    response.header("RateLimit-Policy", item + ";q=" + std::to_string(rate.quota) + ";w=1");
    response.header("RateLimit", item + ";r=" + std::to_string(rate.remaining) +
                                     ";t=" + std::to_string(rate.wait.count()));
}

} // namespace sealstream::http
