#pragma once

// May these events be appended? Every way to append asks here, once, after the drafts are complete
// and before anything is written. The rules are those of one snapshot of the rulebook, and of the
// packs. First events get the category of their type and secrets are taken out, then each is
// judged; a refusal stands only for what is not in the log already, because a repeat writes nothing
// and gets the answer that it had.
//
// What is refused goes to the forensic log before anybody is told; a refusal that can not be
// recorded is `unavailable`, so that nothing is refused unseen.

#include "node/http/known_events.hpp"
#include "node/http/packs/pack_event_rules.hpp"
#include "node/http/response.hpp"
#include "node/http/services.hpp"

#include <set>

namespace sealstream::http {

// One event on its way to its stream. Rules may change the draft (redaction).
struct Candidate {
    const StreamName& stream;
    Draft& draft;
    Expected expected{};      // of its stream
    bool has_fresh_id{false}; // can not be a repeat
};

struct Refusal {
    std::size_t event{0}; // index among the candidates
    Error error;          // the pointer is relative to the event; the context is for the client
    std::string rule;     // that has decided: "policies/TokensIssued@3"; empty: none of a rulebook
    std::vector<SchemaFault> faults{}; // of a schema; pointers into the event
};

// Pure: what `rules` say about each candidate, in order. At most one refusal for each. Before
// anything else secrets are taken out, so that a refused event shows none either; a schema speaks
// of what is left.
struct JudgeOptions {
    const PolicyOptions& policy;
    const ConditionPolicy& conditions;
};
[[nodiscard]] std::vector<Refusal> judge(const Rulebook& rules, const JudgeOptions& options,
                                         std::span<Candidate> candidates);

// What admission needs of a ledger; those who append without HTTP bring it themselves.
struct AdmissionParts {
    RulebookFollower* rules{nullptr};  // as in Services
    RejectionLog* rejections{nullptr}; // as in Services
    const PolicyOptions* policy{nullptr};
    HttpMetrics* metrics{nullptr};         // null: refusals are not counted here
    ConditionPolicy conditions{};          // as Services::required_conditions
    EventLog* log{nullptr};                // where repeats are; null: nothing is one
    IdLookup* id_lookup{nullptr};          // as in Services
    const InFlightIds* in_flight{nullptr}; // as in Services
    // Event types that are refused, because nobody asks the guards that stand before them.
    std::set<std::string, std::less<>> guarded_types{};
    PackEventRulesPtr pack_events{}; // null: there are no packs
};

struct Admission {
    std::vector<Refusal> refusals; // empty: go on
    bool has_old_repeats{false};   // of what the rules refuse now: they are in the log already
    Permit permit{};               // goes with the append, which may have to wait
};

//   unavailable         the rules are not known now, or a refusal could not be recorded: repeat
//   later in_progress         this node is appending just now what would be refused
//   projection_behind   whether what would be refused is a repeat can not be told now
[[nodiscard]] Task<Result<Admission>> admit_events(Services& services,
                                                   std::vector<Candidate> candidates);

[[nodiscard]] Task<Result<Admission>> admit_events(AdmissionParts parts,
                                                   std::vector<Candidate> candidates);

// Counts refusals and keeps them in the forensic log.
//   unavailable   they could not be kept
[[nodiscard]] Task<Result<void>> record_refusals(Services& services, std::vector<Refusal> refusals,
                                                 std::vector<Candidate> candidates);

// The elements of "errors" in a problem: {"pointer":…,"code":…,"message":…,"schema_pointer":…}.
// `place` comes before each pointer.
void append_faults(std::string& to, const std::vector<SchemaFault>& faults, std::string_view place);

[[nodiscard]] std::vector<Candidate> candidates_in(std::vector<StreamAppend>& batch);

// The answer to a request that is refused as a whole: the first refusal's problem, and all of them
// in "refusals". `is_array`: pointers begin with the event's number.
[[nodiscard]] Response refused(const std::vector<Refusal>& refusals, bool is_array);

} // namespace sealstream::http
