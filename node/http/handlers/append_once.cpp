#include "node/http/handlers/append_once.hpp"

#include "node/http/in_flight_ids.hpp"
#include "node/rules/rulebook_follower.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

std::vector<EventId> ids_of(const std::vector<DraftAt>& drafts)
{
    std::vector<EventId> ids;
    ids.reserve(drafts.size());
    for (const DraftAt& at : drafts) {
        ids.push_back(at.draft->id);
    }
    return ids;
}

bool has_redactions(const RulebookPtr& rules, const std::vector<DraftAt>& drafts)
{
    return rules != nullptr &&
           std::any_of(drafts.begin(), drafts.end(), [&rules](const DraftAt& at) {
               return rules->schemas.redaction(at.draft->type) != nullptr;
           });
}

// The log compares with its records as they are. One from before a redaction differs from its
// repeat in what is secret now, one whose payload an earlier key has encrypted in all of it, and
// that is no reason to refuse it.
Task<Result<Appended>> append_changed(Services& services, AppendRequest request, Appender appender)
{
    const auto batch = request.appends;
    auto appended = co_await append_guarded(services, std::move(request), std::move(appender));
    if (appended || appended.error().code != Errc::key_reuse) {
        co_return appended;
    }
    auto drafts = drafts_of(batch);
    SEAL_CO_TRY(known, co_await find_known(known_events_parts(services), std::move(drafts)));
    co_return original_answer(known);
}

} // namespace

bool may_hold_repeat(const std::vector<StreamAppend>& batch)
{
    return std::any_of(batch.begin(), batch.end(),
                       [](const StreamAppend& append) { return !append.has_fresh_ids; });
}

KnownEventsParts known_events_parts(const Services& services)
{
    KnownEventsParts parts{services.log, services.id_lookup, nullptr,
                           services.limits.page_bytes_max};
    if (services.rules != nullptr) {
        if (const auto rules = services.rules->current()) {
            parts.rules = *rules;
        }
    }
    return parts;
}

Task<Result<std::optional<Appended>>> first_answer(Services& services, const AppendRequest& request)
{
    if (!may_hold_repeat(request.appends)) {
        co_return std::nullopt;
    }
    auto drafts = drafts_of(request.appends);
    SEAL_CO_TRY(known, co_await find_known(known_events_parts(services), std::move(drafts)));
    const bool is_there =
        std::any_of(known.begin(), known.end(), [](const auto& one) { return one.has_value(); });
    if (!is_there) {
        co_return std::nullopt;
    }
    SEAL_CO_TRY(appended, original_answer(known));
    co_return appended;
}

Task<Result<Appended>> append_once(Services& services, AppendRequest request, Appender appender)
{
    if (!may_hold_repeat(request.appends)) {
        co_return co_await append_guarded(services, std::move(request), std::move(appender));
    }
    SEAL_CO_TRY_VOID(check_request(request, append_events_max));
    auto drafts = drafts_of(request.appends);
    auto ids = ids_of(drafts);
    std::optional<InFlightIds::Hold> hold;
    if (services.in_flight != nullptr) {
        auto held = services.in_flight->hold(ids);
        if (!held) {
            co_return held.error();
        }
        hold.emplace(*std::move(held));
    }
    auto parts = known_events_parts(services);
    const bool is_changed = has_redactions(parts.rules, drafts) || services.log.encrypts_payloads();
    const bool is_looked_up = request.send_until != Monotonic::max(); // by settle_repeats()
    if (services.id_lookup != nullptr && !is_looked_up) {
        SEAL_CO_TRY(found, co_await services.id_lookup->look_up(std::move(ids)));
        if (!found.places.empty()) {
            SEAL_CO_TRY(known, co_await compare_with_log(std::move(parts), std::move(drafts),
                                                         std::move(found.places)));
            co_return original_answer(known);
        }
        request.send_until = found.send_until;
    }
    if (is_changed) {
        co_return co_await append_changed(services, std::move(request), std::move(appender));
    }
    co_return co_await append_guarded(services, std::move(request), std::move(appender));
}

} // namespace sealstream::http
