#include "node/outbox_target.hpp"

#include "node/rules/rulebook_follower.hpp"

#include <algorithm>
#include <map>

namespace sealstream {

// What a look-up has found of an append.
struct AdmittingTarget::Rest {
    http::KnownPlaces known; // in the order of the drafts; at most as long
    Monotonic send_until{Monotonic::max()};
};

namespace {

std::size_t count_known(const http::KnownPlaces& known)
{
    return static_cast<std::size_t>(
        std::count_if(known.begin(), known.end(), [](const auto& one) { return one.has_value(); }));
}

bool is_known(const http::KnownPlaces& known, std::size_t draft)
{
    return draft < known.size() && known[draft].has_value();
}

//   key_reuse   one is there with other content
Result<void> check_same(const http::KnownPlaces& known)
{
    for (const auto& one : known) {
        if (one && !one->is_same) {
            return Error{Errc::key_reuse,
                         "event " + one->placed.id.to_string() + " is in the log at position " +
                             std::to_string(one->placed.position.value) + " with other content"};
        }
    }
    return {};
}

// The streams without the drafts that are known, and without those that are empty then.
std::vector<StreamAppend> without_known(std::vector<StreamAppend> batch,
                                        const http::KnownPlaces& known)
{
    std::size_t at = 0;
    for (StreamAppend& append : batch) {
        std::vector<Draft> rest;
        for (Draft& draft : append.drafts) {
            if (!is_known(known, at++)) {
                rest.push_back(std::move(draft));
            }
        }
        append.drafts = std::move(rest);
    }
    std::erase_if(batch, [](const StreamAppend& append) { return append.drafts.empty(); });
    return batch;
}

// The places of all events, in the order of the drafts.
Appended merge(const http::KnownPlaces& known, Appended rest, std::size_t drafts)
{
    Appended all;
    all.is_repeat = rest.is_repeat || count_known(known) != 0;
    auto next = rest.events.begin();
    for (std::size_t at = 0; at < drafts; ++at) {
        all.events.push_back(is_known(known, at) ? known[at]->placed : std::move(*next++));
    }
    return all;
}

} // namespace

AdmittingTarget::AdmittingTarget(EventLog& log, http::AdmissionParts admission,
                                 OutboxMetrics& metrics)
    : log_{log},
      admission_{std::move(admission)},
      metrics_{metrics}
{
}

Task<Result<Appended>> AdmittingTarget::append(OutboxAppend append)
{
    auto candidates = http::candidates_in(append.batch);
    SEAL_CO_TRY(admission, co_await http::admit_events(admission_, std::move(candidates)));
    if (!admission.refusals.empty()) {
        const http::Refusal& first = admission.refusals.front();
        co_return with_context(first.error, first.rule);
    }
    Rest rest;
    if (admission.has_old_repeats) { // the rules refuse them now, but they are there
        SEAL_CO_TRY(known, co_await find_all(append.batch));
        rest.known = std::move(known);
    } else if (!append.own_ids.empty()) {
        auto own_ids = append.own_ids;
        SEAL_CO_TRY(found, co_await look_up(append.batch, std::move(own_ids)));
        rest = std::move(found);
    }
    // Of a log that encrypts, an earlier key may have encrypted the same.
    const bool may_be_known = !append.own_ids.empty() || log_.encrypts_payloads();
    auto again = may_be_known ? append : OutboxAppend{};
    Permit permit = admission.permit;
    auto appended = co_await append_rest(std::move(append), std::move(rest), std::move(permit));
    if (appended || appended.error().code != Errc::key_reuse || !may_be_known) {
        co_return appended;
    }
    // The log itself has recognised an id that the index did not have yet.
    SEAL_CO_TRY(known, co_await find_all(again.batch));
    if (count_known(known) == 0) {
        co_return appended;
    }
    Rest found;
    found.known = std::move(known);
    co_return co_await append_rest(std::move(again), std::move(found), std::move(admission.permit));
}

Task<Result<Appended>> AdmittingTarget::append_rest(OutboxAppend append, Rest rest, Permit permit)
{
    SEAL_CO_TRY_VOID(check_same(rest.known));
    std::size_t drafts = 0;
    for (const StreamAppend& one : append.batch) {
        drafts += one.drafts.size();
    }
    const std::size_t known = count_known(rest.known);
    Appended appended;
    if (known < drafts) {
        AppendRequest request{without_known(std::move(append.batch), rest.known)};
        request.send_until = rest.send_until;
        request.permit = std::move(permit);
        SEAL_CO_TRY(answer, co_await log_.append(std::move(request)));
        appended = std::move(answer);
    }
    metrics_.known(known);
    co_return merge(rest.known, std::move(appended), drafts);
}

Task<Result<AdmittingTarget::Rest>> AdmittingTarget::look_up(const std::vector<StreamAppend>& batch,
                                                             std::vector<EventId> own_ids)
{
    Rest rest;
    if (admission_.id_lookup == nullptr) {
        co_return rest;
    }
    SEAL_CO_TRY(found, co_await admission_.id_lookup->look_up(std::move(own_ids)));
    rest.send_until = found.send_until;
    if (!found.places.empty()) {
        auto drafts = http::drafts_of(batch);
        SEAL_CO_TRY(known, co_await http::compare_with_log(known_parts(), std::move(drafts),
                                                           std::move(found.places)));
        rest.known = std::move(known);
    }
    co_return rest;
}

Task<Result<http::KnownPlaces>>
AdmittingTarget::find_all(const std::vector<StreamAppend>& batch) const
{
    auto drafts = http::drafts_of(batch);
    co_return co_await http::find_known(known_parts(), std::move(drafts));
}

http::KnownEventsParts AdmittingTarget::known_parts() const
{
    http::KnownEventsParts parts{log_, admission_.id_lookup};
    if (admission_.rules != nullptr) {
        if (const auto rules = admission_.rules->current()) {
            parts.rules = *rules;
        }
    }
    return parts;
}

} // namespace sealstream
