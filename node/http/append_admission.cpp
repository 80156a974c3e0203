#include "node/http/append_admission.hpp"

#include "core/base/log.hpp"
#include "core/event/canonical_json.hpp"
#include "core/rules/system_streams.hpp"
#include "node/http/in_flight_ids.hpp"
#include "node/http/packs/served_packs.hpp"
#include "node/http/problem.hpp"
#include "node/rules/rulebook_follower.hpp"

#include <algorithm>
#include <iterator>

namespace sealstream::http {

namespace {

constexpr std::size_t data_depth_max = 128; // the reader's own ceiling; clients have a lower limit

std::optional<Refusal> check_reserved(const Candidate& candidate)
{
    if (!is_system_stream_type(candidate.stream.type)) {
        return std::nullopt;
    }
    return Refusal{0,
                   {Errc::forbidden,
                    "streams whose type begins with \"" + std::string{system_prefix} +
                        "\" are the ledger's own",
                    "/stream"},
                   "reserved"};
}

std::optional<Refusal> check_condition(const ConditionPolicy& conditions,
                                       const Candidate& candidate)
{
    auto stated = conditions.check(candidate.stream, candidate.expected);
    return stated ? std::nullopt : std::optional{Refusal{0, std::move(stated).error(), {}}};
}

std::optional<Refusal> check_emission(const Rulebook& rules, const PolicyOptions& options,
                                      const Candidate& candidate)
{
    const EmissionQuestion question{candidate.draft.type, candidate.draft.source,
                                    candidate.stream.type};
    if (rules.emission.allows(question, options.unknown_types)) {
        return std::nullopt;
    }
    auto answer = rules.emission.explain(question, options.unknown_types);
    return Refusal{
        0, {Errc::emission_refused, std::move(answer.reason), "/type"}, std::move(answer.rule)};
}

std::optional<Refusal> check_schema(const Rulebook& rules, const PolicyOptions& options,
                                    const Candidate& candidate)
{
    const Draft& draft = candidate.draft;
    const auto* row = rules.schemas.schema(draft.type);
    if (row == nullptr) {
        if (options.unknown_schemas == UnknownTypes::allow) {
            return std::nullopt;
        }
        return Refusal{0,
                       {Errc::schema_violation, draft.type + " has no schema", "/type"},
                       "schemas.unknown_types"};
    }
    const auto data = parse_json(draft.data, {data_depth_max, draft.data.size()});
    if (!data) {
        return Refusal{0, data.error(), "schemas"};
    }
    auto faults = row->compiled.validate(*data);
    if (faults.empty()) {
        return std::nullopt;
    }
    for (SchemaFault& fault : faults) {
        fault.pointer.insert(0, "/data");
    }
    Error error{Errc::schema_violation, faults.front().pointer + " " + faults.front().message,
                faults.front().pointer};
    return Refusal{0, std::move(error),
                   "schemas/" + draft.type + "@" + std::to_string(row->latest().version.value),
                   std::move(faults)};
}

std::vector<Refusal> hold_to_packs(const AdmissionParts& parts,
                                   const std::vector<Candidate>& candidates)
{
    std::vector<Refusal> refusals;
    if (parts.pack_events == nullptr) {
        return refusals;
    }
    for (std::size_t at = 0; at < candidates.size(); ++at) {
        const auto rule = parts.pack_events->find(candidates[at].draft.type);
        if (rule == parts.pack_events->end()) {
            continue;
        }
        auto held = hold_to_pack(rule->second, candidates[at].stream, candidates[at].draft);
        if (!held) {
            refusals.push_back({at, std::move(held).error(), "packs/" + rule->second.pack});
        }
    }
    return refusals;
}

// At most one for each event, in their order; the earlier ones win.
void add_refusals(std::vector<Refusal>& to, std::vector<Refusal> more)
{
    std::move(more.begin(), more.end(), std::back_inserter(to));
    const auto event = [](const Refusal& refusal) { return refusal.event; };
    std::ranges::stable_sort(to, {}, event);
    const auto repeated = std::ranges::unique(to, {}, event);
    to.erase(repeated.begin(), repeated.end());
}

std::vector<Refusal> refuse_guarded(const AdmissionParts& parts,
                                    const std::vector<Candidate>& candidates)
{
    std::vector<Refusal> refusals;
    for (std::size_t at = 0; at < candidates.size(); ++at) {
        const std::string& type = candidates[at].draft.type;
        if (parts.guarded_types.contains(type)) {
            refusals.push_back(
                {at,
                 {Errc::refused,
                  type + " is guarded: append it over HTTP, where its guards are asked", "/type"},
                 "guards"});
        }
    }
    return refusals;
}

// The beginning of `text`, not cut inside a character.
std::string beginning(std::string_view text, std::size_t bytes_max)
{
    std::size_t end = std::min(text.size(), bytes_max);
    while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
        --end;
    }
    return std::string{text.substr(0, end)};
}

RejectedEvent rejected(const Refusal& refusal, const Candidate& candidate,
                       const PolicyOptions& options)
{
    const Draft& draft = candidate.draft;
    RejectedEvent event;
    event.code = name(refusal.error.code);
    event.rule = refusal.rule;
    event.reason = refusal.error.context;
    event.id = draft.id;
    event.type = draft.type;
    event.stream = candidate.stream;
    event.source = draft.source;
    event.actor = draft.actor;
    event.key = draft.key;
    event.data_digest = sha256(as_bytes(draft.data));
    event.data_bytes = draft.data.size();
    event.data = beginning(draft.data, options.rejection_data_bytes_max);
    return event;
}

// A condition that is missing is a fault of the request, and nothing that the ledger refuses to
// hold.
bool is_for_record(const Refusal& refusal)
{
    return refusal.error.code != Errc::precondition_required;
}

void log_refusals(const std::vector<Refusal>& refusals, const std::vector<Candidate>& candidates)
{
    for (const Refusal& refusal : refusals) {
        if (!is_for_record(refusal)) {
            continue;
        }
        const Candidate& candidate = candidates[refusal.event];
        log(Level::warn, "append.rejected", "http",
            {{"code", name(refusal.error.code)},
             {"rule", refusal.rule},
             {"type", candidate.draft.type},
             {"stream_type", candidate.stream.type},
             {"source", candidate.draft.source}});
    }
}

void append_refusal(std::string& to, const Refusal& refusal, bool is_array)
{
    const std::string place = is_array ? "/" + std::to_string(refusal.event) : std::string{};
    to.append("{\"pointer\":");
    append_canonical_string(to, place + refusal.error.pointer);
    to.append(",\"code\":\"").append(name(refusal.error.code)).append("\",\"rule\":");
    append_canonical_string(to, refusal.rule);
    to.append(",\"reason\":");
    append_canonical_string(to, refusal.error.context);
    to.push_back('}');
}

// Takes away the refusals of events that are in the log already, with the same content.
Task<Result<Admission>> spare_repeats(AdmissionParts parts, RulebookPtr rules,
                                      std::vector<Refusal> refusals,
                                      const std::vector<Candidate>& candidates)
{
    std::vector<DraftAt> drafts;
    std::vector<std::size_t> asked; // of `refusals`
    for (std::size_t at = 0; at < refusals.size(); ++at) {
        const Candidate& candidate = candidates[refusals[at].event];
        if (candidate.has_fresh_id) {
            continue;
        }
        if (parts.in_flight != nullptr && parts.in_flight->contains(candidate.draft.id)) {
            co_return Error{Errc::in_progress, "an event with this id is being appended"};
        }
        drafts.push_back({&candidate.stream, &candidate.draft});
        asked.push_back(at);
    }
    Admission admission{std::move(refusals), false, {}};
    if (drafts.empty() || parts.log == nullptr) {
        co_return admission;
    }
    KnownEventsParts known_parts{*parts.log, parts.id_lookup, std::move(rules)};
    SEAL_CO_TRY(known, co_await find_known(std::move(known_parts), std::move(drafts)));
    for (std::size_t number = asked.size(); number-- > 0;) {
        if (known[number] && known[number]->is_same) {
            admission.refusals.erase(admission.refusals.begin() +
                                     static_cast<std::ptrdiff_t>(asked[number]));
            admission.has_old_repeats = true;
        }
    }
    co_return admission;
}

//   unavailable   they could not be recorded
Task<Result<void>> record(AdmissionParts parts, const std::vector<Refusal>& refusals,
                          const std::vector<Candidate>& candidates)
{
    std::vector<RejectedEvent> events;
    for (const Refusal& refusal : refusals) {
        if (!is_for_record(refusal)) {
            continue;
        }
        if (parts.metrics != nullptr) {
            parts.metrics->refused(refusal.error.code);
        }
        events.push_back(rejected(refusal, candidates[refusal.event], *parts.policy));
    }
    if (parts.rejections == nullptr) {
        log_refusals(refusals, candidates);
        co_return Result<void>{};
    }
    if (events.empty()) {
        co_return Result<void>{};
    }
    const auto recorded = co_await parts.rejections->record(std::move(events));
    if (!recorded) {
        co_return Error{Errc::unavailable,
                        "a refusal could not be recorded: " + describe(recorded.error())};
    }
    co_return Result<void>{};
}

} // namespace

std::vector<Refusal> judge(const Rulebook& rules, const JudgeOptions& options,
                           std::span<Candidate> candidates)
{
    std::vector<Refusal> refusals;
    for (std::size_t at = 0; at < candidates.size(); ++at) {
        rules.schemas.redact(candidates[at].draft);
        auto refusal = check_reserved(candidates[at]);
        if (!refusal) {
            refusal = check_condition(options.conditions, candidates[at]);
        }
        if (!refusal) {
            refusal = check_emission(rules, options.policy, candidates[at]);
        }
        if (!refusal) {
            refusal = check_schema(rules, options.policy, candidates[at]);
        }
        if (refusal) {
            refusal->event = at;
            refusals.push_back(*std::move(refusal));
        }
    }
    return refusals;
}

Task<Result<Admission>> admit_events(Services& services, std::vector<Candidate> candidates)
{
    AdmissionParts parts{services.rules,
                         services.rejections,
                         &services.policy,
                         &services.metrics,
                         services.required_conditions,
                         &services.log,
                         services.id_lookup,
                         services.in_flight};
    if (services.packs != nullptr) {
        parts.pack_events = {services.packs, &services.packs->event_rules()};
    }
    return admit_events(std::move(parts), std::move(candidates));
}

Task<Result<Admission>> admit_events(AdmissionParts parts, std::vector<Candidate> candidates)
{
    static const auto no_rules = std::make_shared<const Rulebook>();
    RulesNow rules{no_rules, {}};
    if (parts.rules != nullptr) {
        SEAL_CO_TRY(now, parts.rules->now());
        rules = std::move(now);
    }
    auto misplaced = hold_to_packs(parts, candidates);
    const JudgeOptions options{*parts.policy, parts.conditions};
    auto refusals = judge(*rules.book, options, candidates);
    add_refusals(refusals, std::move(misplaced));
    add_refusals(refusals, refuse_guarded(parts, candidates));
    if (refusals.empty()) {
        Admission admitted;
        admitted.permit = std::move(rules.permit);
        co_return admitted;
    }
    SEAL_CO_TRY(admission,
                co_await spare_repeats(parts, rules.book, std::move(refusals), candidates));
    admission.permit = std::move(rules.permit);
    SEAL_CO_TRY_VOID(co_await record(std::move(parts), admission.refusals, candidates));
    co_return std::move(admission);
}

Task<Result<void>> record_refusals(Services& services, std::vector<Refusal> refusals,
                                   std::vector<Candidate> candidates)
{
    AdmissionParts parts{services.rules, services.rejections, &services.policy, &services.metrics};
    SEAL_CO_TRY_VOID(co_await record(std::move(parts), refusals, candidates));
    co_return Result<void>{};
}

void append_faults(std::string& to, const std::vector<SchemaFault>& faults, std::string_view place)
{
    for (const SchemaFault& fault : faults) {
        to.append(to.empty() || to.back() == '[' ? "{\"pointer\":" : ",{\"pointer\":");
        append_canonical_string(to, std::string{place} + fault.pointer);
        to.append(",\"code\":\"schema_violation\",\"message\":");
        append_canonical_string(to, fault.message);
        to.append(",\"schema_pointer\":");
        append_canonical_string(to, fault.schema_pointer);
        to.push_back('}');
    }
}

std::vector<Candidate> candidates_in(std::vector<StreamAppend>& batch)
{
    std::vector<Candidate> candidates;
    for (StreamAppend& append : batch) {
        for (Draft& draft : append.drafts) {
            candidates.push_back({append.stream, draft, append.expected, append.has_fresh_ids});
        }
    }
    return candidates;
}

Response refused(const std::vector<Refusal>& refusals, bool is_array)
{
    Error error = refusals.front().error;
    if (error.code == Errc::precondition_required) {
        return problem(std::move(error));
    }
    if (is_array) {
        error.pointer.insert(0, "/" + std::to_string(refusals.front().event));
    }
    auto response = bad_input(std::move(error));
    std::string& members = response.problem->members;
    members = "\"refusals\":[";
    for (const Refusal& refusal : refusals) {
        members.append(members.back() == '[' ? "" : ",");
        append_refusal(members, refusal, is_array);
    }
    members.push_back(']');
    for (const Refusal& refusal : refusals) {
        append_faults(response.problem->errors, refusal.faults,
                      is_array ? "/" + std::to_string(refusal.event) : std::string{});
    }
    return response;
}

} // namespace sealstream::http
