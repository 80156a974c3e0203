// POST /v1/groups/{group}/claims   {"max_events"?, "lease_ms"?}; Prefer: wait=<seconds>
//   200  {"token":"7","leased_until":…,"events":[{"delivery":1,"event":{…}}]}, by position;
//        token null and no events: there is nothing to do now
// POST /v1/groups/{group}/claims/{token}/ack   {"through"?: position}
//   200  {"acknowledged":n}: all events of the claim up to that position, or all
// POST …/{token}/nack   {"delay_ms"?, "reason"?, "stream"?: "type/id", "park"?: true}
//   200  {"parked":[streams]}: the rest of the claim, or of one stream, will come again
// POST …/{token}/extend   {"lease_ms"?}
//   200  {"leased_until":…}, counted from now
//
//   403  a group that is for others (group_access.hpp), or a claim with events that the caller may
//   not
//        read: they are given back
//   400  a name, member or number that is not allowed; 404 no such group
//   409  stale_token: the lease has run out, or nothing of the claim is left
//   503  without Postgres there are no groups

#include "core/event/canonical_json.hpp"
#include "node/http/handlers/group_access.hpp"
#include "node/http/handlers/group_json.hpp"
#include "node/http/handlers/handlers.hpp"
#include "node/http/problem.hpp"

namespace sealstream::http {

namespace {

constexpr std::uint64_t claim_events_max = 1'000;
constexpr std::uint64_t claim_events = 100; // when the client does not say
constexpr std::uint64_t delay_ms_max = 24 * 60 * 60 * 1000;
constexpr std::size_t reason_bytes_max = 1'000;
constexpr std::chrono::milliseconds claim_poll{100}; // while a client waits for something to do

struct ClaimOf {
    std::string group;
    GroupToken token{0};
    boost::json::object members;
};

Result<ClaimOf> parse_claim_of(const RequestContext& request,
                               std::initializer_list<std::string_view> allowed)
{
    SEAL_TRY(group, group_name(request));
    SEAL_TRY(text, request.path_parameter("token"));
    const auto token = parse_place(text);
    if (!token) {
        return Error{Errc::malformed, "a token is a number, as a claim has answered"};
    }
    SEAL_TRY(members, parse_members(request.body, allowed));
    return ClaimOf{std::move(group), *token, std::move(members)};
}

Result<std::optional<std::chrono::milliseconds>> lease_in(const boost::json::object& members)
{
    SEAL_TRY(lease, number_member(members, "lease_ms", 100, lease_ms_max, 0));
    return lease == 0 ? std::nullopt : std::optional{std::chrono::milliseconds{lease}};
}

Result<GroupReturn> parse_return(const boost::json::object& members)
{
    GroupReturn what;
    SEAL_TRY(delay, number_member(members, "delay_ms", 0, delay_ms_max, 0));
    what.nack.delay = std::chrono::milliseconds{delay};
    SEAL_TRY(reason, text_member(members, "reason", reason_bytes_max));
    what.nack.reason = std::move(reason);
    SEAL_TRY(stream, text_member(members, "stream", 2 * label_bytes_max));
    if (!stream.empty()) {
        SEAL_TRY(name, StreamName::parse(stream));
        what.stream = std::move(name);
    }
    if (const auto* const park = members.if_contains("park"); park != nullptr) {
        if (!park->is_bool()) {
            return Error{Errc::malformed, "park is true or false", "/park"};
        }
        what.nack.must_park = park->get_bool();
    }
    return what;
}

Response no_groups()
{
    return problem(Error{Errc::unavailable, "groups need Postgres"});
}

} // namespace

Task<Response> claim_events_of_group(RequestContext& request)
{
    auto& services = request.services();
    if (services.groups == nullptr) {
        co_return no_groups();
    }
    const auto group = group_name(request);
    const auto members = parse_members(request.body, {"max_events", "lease_ms"});
    if (!group || !members) {
        co_return bad_input(!group ? group.error() : members.error());
    }
    const auto events = number_member(*members, "max_events", 1, claim_events_max, claim_events);
    const auto lease = lease_in(*members);
    if (!events || !lease) {
        co_return bad_input(!events ? events.error() : lease.error());
    }
    const auto admitted = co_await admit_to_group(request, *group);
    if (!admitted) {
        co_return group_refused(admitted.error());
    }
    const auto deadline = services.clock.monotonic() + request.preferred_wait();
    auto claimed = co_await services.groups->claim(*group, *events, *lease);
    while (claimed && claimed->events.empty() && !services.stop.requested() &&
           services.clock.monotonic() < deadline) {
        co_await services.stop.sleep_for(claim_poll);
        claimed = co_await services.groups->claim(*group, *events, *lease);
    }
    if (claimed && !may_see(request, *claimed)) {
        const GroupReturn all{};
        const auto returned = co_await services.groups->give_back(*group, claimed->token, all);
        co_return group_refused(
            returned ? Error{Errc::forbidden, "the group has events that the caller may not read"}
                     : returned.error());
    }
    co_return claimed ? json_ok(claim_json(*claimed)) : group_refused(claimed.error());
}

Task<Response> ack_claim(RequestContext& request)
{
    auto* const groups = request.services().groups;
    if (groups == nullptr) {
        co_return no_groups();
    }
    const auto claim = parse_claim_of(request, {"through"});
    if (!claim) {
        co_return bad_input(claim.error());
    }
    const auto through = position_member(claim->members, "through");
    if (!through) {
        co_return bad_input(through.error());
    }
    const auto admitted = co_await admit_to_group(request, claim->group);
    if (!admitted) {
        co_return group_refused(admitted.error());
    }
    const auto count = co_await groups->acknowledge(claim->group, claim->token, *through);
    co_return count ? json_ok("{\"acknowledged\":" + std::to_string(*count) + "}\n")
                    : group_refused(count.error());
}

Task<Response> nack_claim(RequestContext& request)
{
    auto* const groups = request.services().groups;
    if (groups == nullptr) {
        co_return no_groups();
    }
    const auto claim = parse_claim_of(request, {"delay_ms", "reason", "stream", "park"});
    if (!claim) {
        co_return bad_input(claim.error());
    }
    auto what = parse_return(claim->members);
    if (!what) {
        co_return bad_input(what.error());
    }
    const auto admitted = co_await admit_to_group(request, claim->group);
    if (!admitted) {
        co_return group_refused(admitted.error());
    }
    const auto parked = co_await groups->give_back(claim->group, claim->token, *std::move(what));
    if (!parked) {
        co_return group_refused(parked.error());
    }
    std::string body{"{\"parked\":["};
    for (const StreamName& stream : *parked) {
        body.append(body.back() == '[' ? "" : ",");
        append_canonical_string(body, stream.to_string());
    }
    co_return json_ok(body.append("]}\n"));
}

Task<Response> extend_claim(RequestContext& request)
{
    auto* const groups = request.services().groups;
    if (groups == nullptr) {
        co_return no_groups();
    }
    const auto claim = parse_claim_of(request, {"lease_ms"});
    if (!claim) {
        co_return bad_input(claim.error());
    }
    const auto lease = lease_in(claim->members);
    if (!lease) {
        co_return bad_input(lease.error());
    }
    const auto admitted = co_await admit_to_group(request, claim->group);
    if (!admitted) {
        co_return group_refused(admitted.error());
    }
    const auto until = co_await groups->extend(claim->group, claim->token, *lease);
    co_return until ? json_ok("{\"leased_until\":" + time_json(*until) + "}\n")
                    : group_refused(until.error());
}

} // namespace sealstream::http
